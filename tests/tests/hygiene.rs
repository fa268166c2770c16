//! The macros where nothing can be taken for granted: there is no prelude, the usual names mean something else,
//! names are raw or those of the expansions, and many lints are errors.
//!
//! That it compiles, without a warning of rustc or clippy, is the test.

#![no_implicit_prelude]
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unimplemented,
    clippy::indexing_slicing,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::default_trait_access,
    clippy::question_mark_used,
    clippy::pattern_type_mismatch,
    clippy::ref_patterns,
    clippy::wildcard_enum_match_arm,
    clippy::as_conversions,
    clippy::integer_division_remainder_used,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::used_underscore_binding,
    clippy::used_underscore_items,
    clippy::let_underscore_untyped,
    clippy::let_underscore_must_use,
    clippy::semicolon_if_nothing_returned,
    clippy::large_futures,
    clippy::future_not_send,
    clippy::async_yields_async,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_lifetimes,
    unused_results,
    single_use_lifetimes,
    let_underscore_drop,
    trivial_casts,
    trivial_numeric_casts,
    elided_lifetimes_in_paths,
    redundant_lifetimes,
    rust_2018_idioms,
    future_incompatible,
    nonstandard_style
)]
#![allow(clippy::redundant_pub_crate, reason = "it contradicts `unreachable_pub`")]

/// Names that an expansion must not mean.
pub mod shadows {
    macro_rules! shadow {
        ($($name:ident)*) => {$(
            #[expect(missing_docs, reason = "they are nothing")]
            #[derive(::core::fmt::Debug)]
            pub struct $name;
        )*};
    }
    shadow! {
        Result Option Box String Vec Some None Ok Err Default Into From Clone Send Sync Future Iterator
        Class Classes Decoder Encoder FromAmf ToAmf AmfClass Member DecodeError EncodeError DynamicMembers
        Service Method Parameter Client Group Fault FromCaller IntoReply CallError Arc Pin
    }

    /// Names of primitive types, and of variables.
    #[expect(non_camel_case_types, reason = "they are nothing")]
    pub mod small {
        shadow! {
            bool str usize u32 f64 decoder encoder class classes object member name field default service
        }
    }

    /// Modules as well.
    pub mod core {}
    /// And this one.
    pub mod std {}
    /// And these.
    pub mod amf_core {}
    /// And these.
    pub mod amf_remoting {}
}

/// Macros that an expansion must not call.
mod macros {
    #[expect(unused_macros, reason = "nobody calls it")]
    macro_rules! wrong {
        ($($any:tt)*) => {
            ::core::compile_error!("the wrong macro")
        };
    }
    #[expect(unused_imports, reason = "nobody calls them")]
    pub(crate) use {
        wrong as format, wrong as format_args, wrong as concat, wrong as panic, wrong as matches,
        wrong as vec,
    };
}

#[expect(missing_docs, reason = "the aliases say it")]
pub mod names {
    pub type Text = ::std::string::String;
    pub type Number = ::core::primitive::u32;
    pub type List<T> = ::std::vec::Vec<T>;
    pub type Maybe<T> = ::core::option::Option<T>;
    pub type Outcome<T, E> = ::core::result::Result<T, E>;
}

/// What all modules below see.
macro_rules! surroundings {
    () => {
        #[allow(unused_imports, clippy::allow_attributes, reason = "not everywhere")]
        use super::names::{List, Maybe, Number, Outcome, Text};
        #[allow(unused_imports, clippy::allow_attributes, reason = "nobody may mean them")]
        use super::{macros::*, shadows::small::*, shadows::*};
    };
}

/// Objects.
pub mod objects {
    surroundings!();

    /// Members named as keywords, and as the variables of the expansion.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(alias = "hygiene.Odd")]
    pub struct Odd {
        /// A keyword.
        pub r#type: Text,
        /// Another one.
        #[amf(default)]
        pub r#match: Number,
        /// A variable.
        pub decoder: Number,
        #[amf(rename = "__decoder")]
        __decoder: Number,
        #[amf(rename = "__class")]
        __class: Number,
        #[amf(rename = "__field_type")]
        __field_type: Number,
        /// Gone.
        #[amf(skip)]
        pub skipped: Maybe<Number>,
        /// By a function.
        #[amf(default = "made")]
        pub made: Number,
        /// Old.
        #[deprecated]
        pub old: List<Text>,
        /// Not there.
        #[cfg(any())]
        pub conditional: NoSuchType,
        /// The rest.
        #[amf(dynamic)]
        pub extra: ::amf_core::DynamicMembers,
    }

    const fn made() -> Number {
        3
    }

    /// Borrows, with a lifetime of the name that expansions like.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub struct Borrowing<'de> {
        name: &'de ::core::primitive::str,
        data: &'de [::core::primitive::u8],
    }

    /// Has parameters of every kind.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(rename_all = "snake_case")]
    pub struct Generic<'a, T, U = Number, const N: ::core::primitive::usize = 2>
    where
        T: ::core::marker::Copy,
    {
        first: T,
        others: List<T>,
        text: ::std::borrow::Cow<'a, ::core::primitive::str>,
        next: Maybe<::std::boxed::Box<Self>>,
        /// Gone.
        #[amf(skip)]
        pub cache: Maybe<U>,
        #[amf(skip)]
        marker: ::core::marker::PhantomData<[(); N]>,
    }

    /// Has nothing.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub struct Empty {}

    /// Takes what is missing from itself.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug, ::core::default::Default)]
    #[amf(default)]
    pub struct Settings {
        volume: Number,
        #[amf(skip)]
        dirty: Number,
    }

    /// Is old.
    #[deprecated]
    #[derive(::amf_core::AmfObject)]
    #[expect(missing_debug_implementations, reason = "a derive of rustc's would warn of itself")]
    pub struct Old {
        #[deprecated]
        value: Number,
    }

    /// Reads itself.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(alias = "hygiene.Money", externalizable)]
    pub struct Money(pub ::core::primitive::i32);

    impl ::amf_core::Externalizable for Money {
        fn read_external(
            input: &mut ::amf_core::ExternalInput<'_, '_>,
        ) -> Outcome<Self, ::amf_core::DecodeError> {
            input.read_i32().map(Self)
        }

        fn write_external(
            &self,
            output: &mut ::amf_core::ExternalOutput<'_>,
        ) -> Outcome<(), ::amf_core::EncodeError> {
            output.write_i32(self.0);
            Outcome::Ok(())
        }
    }

    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    struct Hidden<T> {
        value: T,
    }

    /// Has members of a type that nobody else sees.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(alias = "hygiene.Heir", also = "hygiene.Old", deny_unknown)]
    pub struct Heir<'de, T> {
        #[amf(flatten)]
        hidden: Hidden<T>,
        #[amf(flatten, default)]
        settings: Settings,
        #[amf(also = "__class", also = "r")]
        r#found: &'de ::core::primitive::str,
        #[amf(as = "string")]
        r#as: Maybe<::core::primitive::u64>,
        #[amf(with = "text", default)]
        text: Text,
        private: Hidden<Number>,
    }

    /// A form of texts.
    pub(crate) mod text {
        use super::{Outcome, Text};

        pub(crate) fn from_amf(
            decoder: &mut ::amf_core::Decoder<'_>,
        ) -> Outcome<Text, ::amf_core::DecodeError> {
            decoder.read()
        }

        pub(crate) fn to_amf(
            text: &Text,
            encoder: &mut ::amf_core::Encoder,
        ) -> Outcome<(), ::amf_core::EncodeError> {
            encoder.string(text)
        }
    }

    /// A list.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub struct Pair(Number, Hidden<Number>);

    /// What it holds.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub struct Id<T>(
        #[amf(as = "double")] ::core::primitive::u64,
        #[amf(skip)] ::core::marker::PhantomData<T>,
    );

    /// What it holds, with its own bounds.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(transparent, bound = "T: ::amf_core::FromAmf<'de> + ::amf_core::ToAmf")]
    pub struct Only<T> {
        only: List<T>,
    }

    /// Has nothing at all.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub struct Nothing;

    /// Classes.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    pub enum Some<'de, T> {
        /// A struct.
        Odd(::std::boxed::Box<Odd>),
        /// Members.
        #[amf(alias = "hygiene.Some")]
        Some {
            /// A keyword.
            r#type: T,
            /// A variable.
            decoder: &'de ::core::primitive::str,
            /// In another form.
            #[amf(as = "string", also = "encoder")]
            class: ::core::primitive::u64,
            /// Not there.
            #[amf(skip)]
            skipped: Number,
        },
        /// Nothing.
        #[amf(alias = "hygiene.None")]
        None,
        /// The rest.
        #[amf(other)]
        Ok(::amf_core::Value),
    }

    /// Strings.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
    #[amf(rename_all = "snake_case")]
    pub enum Word {
        /// One.
        Some,
        /// Another one.
        #[amf(also = "nothing")]
        None,
        /// A name of the expansion.
        Known,
    }

    /// Numbers.
    #[derive(::amf_core::AmfObject, ::core::fmt::Debug)]
    #[amf(number)]
    #[repr(u8)]
    pub enum Level {
        /// One.
        Ok = 1,
        /// Another one.
        Err,
        /// The rest.
        #[amf(other)]
        Other(Number),
    }

    macro_rules! object {
        ($(#[$attribute:meta])* $name:ident, $alias:literal, { $($field:ident: $ty:ty),* }) => {
            $(#[$attribute])*
            #[derive(::amf_remoting::AmfObject, ::core::fmt::Debug)]
            #[amf(alias = $alias)]
            pub struct $name { $($field: $ty),* }
        };
    }
    object! {
        /// Written by a macro.
        Made, "hygiene.Made", { object: Number, member: Maybe<Number>, class: Text }
    }
}

/// Faults.
pub mod faults {
    surroundings!();

    /// What goes wrong.
    #[derive(::core::fmt::Debug, ::amf_remoting::Fault)]
    pub enum Trouble<'a, T> {
        /// Without fields.
        #[fault(code = "A")]
        NothingThere,
        /// Not there.
        #[fault(code = "None")]
        #[cfg(any())]
        Conditional(NoSuchType),
        /// With a keyword for a name.
        #[fault(code = "B", message = "{type} of {error:>3} {{}}", detail = "{error}")]
        Named {
            /// A keyword.
            r#type: Text,
            /// A variable.
            error: T,
            /// Not shown.
            hidden: &'a Number,
        },
        /// By position.
        #[fault(code = "C", message = "{1:?} {0}")]
        Positional(&'a ::core::primitive::str, Maybe<T>),
        /// For the log.
        #[fault(internal)]
        Internal(List<T>),
        /// For the log, and old.
        #[fault(internal)]
        #[deprecated]
        Old,
    }

    /// A struct.
    #[derive(::core::fmt::Debug, ::amf_remoting::Fault)]
    #[fault(code = "D")]
    pub struct Unit;

    /// Cannot be.
    #[derive(::core::fmt::Debug, ::amf_remoting::Fault)]
    pub enum Never {}
}

/// Services.
pub mod services {
    surroundings!();

    /// Holds a store.
    #[derive(::core::fmt::Debug)]
    pub struct Shop<S> {
        store: S,
    }

    /// Whom a method can know.
    #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
    pub struct Known;

    impl ::amf_remoting::FromCaller for Known {
        async fn from_caller(_: &::amf_remoting::Caller) -> Outcome<Self, ::amf_remoting::Fault> {
            Outcome::Ok(Self)
        }
    }

    /// Methods named as keywords, and parameters as the variables of the expansion.
    #[::amf_remoting::remoting_service(name = "shop")]
    impl<S: ::core::fmt::Debug> Shop<S> {
        /// Not for clients.
        pub const LIMIT: Number = 3;

        /// A keyword.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn r#match(
            &self,
            r#type: Text,
            arguments: Number,
            __service: &Known,
        ) -> Outcome<Text, super::faults::Unit> {
            drop_all::<(Text, Number, &Known)>((r#type, arguments, __service));
            Outcome::Err(super::faults::Unit)
        }

        #[remote(rename = "arguments", concurrent, blocking, timeout = "250ms")]
        fn arguments(
            &self,
            arguments: List<Maybe<Number>>,
            mut context: Number,
            _output: Maybe<Number>,
        ) -> Number {
            context += 1;
            drop_all(arguments);
            context
        }

        #[deprecated]
        fn old(&self, known: &Known, caller: &::amf_remoting::Caller) {
            let _: (&Known, &::amf_remoting::Caller) = (known, caller);
        }

        #[cfg(any())]
        fn conditional(&self, none: NoSuchType) {}

        #[cfg(not(any()))]
        #[expect(non_snake_case, reason = "as clients call it")]
        fn camelCase<'a>(&'a self, __context: &'a Known) -> Maybe<&'a ::core::primitive::str> {
            let _: (&S, &Known) = (&self.store, __context);
            Maybe::None
        }

        #[cfg(any())]
        fn camel_case(&self) {}

        fn nothing(&self) {}
    }

    fn drop_all<T>(_: T) {}
}

/// Clients.
pub mod clients {
    surroundings!();

    /// Is told.
    #[::amf_remoting::remote_client]
    pub trait Events: ::core::marker::Send {
        /// A keyword.
        fn r#type(&self, r#match: &Number, self_: Text);
        /// With a result.
        ///
        /// # Errors
        ///
        /// As a client's.
        fn told(&self, told: &[Number]) -> Outcome<(), ::amf_remoting::CallError>;
        /// Not there.
        #[cfg(any())]
        fn conditional(&self, none: NoSuchType);
        /// Old.
        #[deprecated]
        fn old<'a>(&'a self, text: &'a ::core::primitive::str);
    }

    /// Is asked.
    #[::amf_remoting::remote_client]
    pub(crate) trait Questions {
        async fn ask(&self, ask: Maybe<Number>) -> Outcome<List<Text>, ::amf_remoting::CallError>;
    }

    pub(crate) async fn ask(
        client: &::amf_remoting::Client,
    ) -> Outcome<List<Text>, ::amf_remoting::CallError> {
        client.ask(Maybe::None).await
    }

    #[::core::prelude::v1::test]
    fn a_question_can_be_asked_from_another_thread() {
        fn is_send<T: ::core::marker::Send>(_: fn(&'static ::amf_remoting::Client) -> T) {}
        is_send(ask);
    }
}
