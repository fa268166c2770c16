//! Macro that declares limits, and the declarations from which `docs/limits.md` is generated.

/// Declaration of a struct of limits, made by [`limits!`](macro@crate::__limits).
#[derive(Clone, Copy, Debug)]
pub struct LimitsDeclaration {
    /// Name of the struct.
    pub name: &'static str,
    /// Limits of the struct, in the order of the declaration.
    pub limits: &'static [LimitDeclaration],
}

/// Declaration of one limit.
#[derive(Clone, Copy, Debug)]
pub struct LimitDeclaration {
    /// Name of the field. Errors and counters use the same name.
    pub name: &'static str,
    /// Name of the setter.
    pub setter: &'static str,
    /// Unit of the limit: `bytes`, `time`, `calls`.
    pub unit: &'static str,
    /// Default with its unit.
    pub default: &'static str,
    /// Default for clients, if it differs from that of servers.
    pub client_default: Option<&'static str>,
    /// Documentation of the bounded quantity, line by line.
    pub bounds: &'static [&'static str],
    /// Documentation of the behaviour beyond the limit, line by line.
    pub excess: &'static [&'static str],
}

/// Returns `true` if `setter` is `prefix` followed by `field`.
///
/// The macro cannot concatenate identifiers, but a constant can compare their texts.
pub const fn is_setter(setter: &str, prefix: &str, field: &str) -> bool {
    match strip_prefix(setter.as_bytes(), prefix.as_bytes()) {
        Some(rest) => matches!(strip_prefix(rest, field.as_bytes()), Some([])),
        None => false,
    }
}

const fn strip_prefix<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Option<&'a [u8]> {
    while let [first, prefix_rest @ ..] = prefix {
        match text {
            [same, rest @ ..] if *same == *first => (text, prefix) = (rest, prefix_rest),
            _ => return None,
        }
    }
    Some(text)
}

/// Declares a struct of limits, with a field, a constant default, a setter, documentation and a name for each limit.
///
/// ```
/// amf_core::__private::limits! {
///     /// Limits on mailboxes.
///     pub struct MailLimits by new {
///         /// Maximum size of one letter.
///         letter_bytes, with_letter_bytes = 64 KiB {
///             /// A larger letter is returned to its sender.
///         }
///
///         /// Maximum number of letters in one mailbox.
///         letters, with_letters = 1_000 letters {
///             /// The oldest letter is removed.
///         }
///     }
/// }
///
/// const LIMITS: MailLimits = MailLimits::new().with_letters(5);
/// assert_eq!((LIMITS.letter_bytes, LIMITS.letters), (65_536, 5));
/// assert_eq!(MailLimits::NAMES.letters, "letters");
/// ```
///
/// The paragraph above a name describes the bounded quantity; the macro appends the default to it. The first
/// paragraph in the braces describes the behaviour beyond the limit, and more paragraphs may follow. The page
/// `docs/limits.md` shows both first paragraphs.
///
/// A default consists of two words: a number of `bytes`, `KiB` or `MiB`, of `ms`, `s` or `min`, or of any other
/// countable noun; `no limit`, for times; or `Struct defaults`, for a field that is another struct of limits.
///
/// - `by server, client` creates two constructors. A limit with a different default for clients declares it:
///   `= 5 s, client 30 s`.
/// - `by new for Server::change_limits` makes the setters methods of another type and names them like the fields.
///   That type has a method `change_limits`, which receives a closure over `&mut` of the struct.
///
/// `NAMES` contains the name of each limit, for errors and counters. A module has at most one declaration.
#[doc(hidden)]
#[macro_export]
macro_rules! __limits {
    ($(#[$attr:meta])* $vis:vis struct $Limits:ident by $new:ident $fields:tt) => {
        $crate::__limits! { @items [$(#[$attr])*] [$vis] $Limits $new $fields }
        $crate::__limits! { @setters [$vis] $Limits $fields }
    };
    ($(#[$attr:meta])* $vis:vis struct $Limits:ident by $new:ident, $client:ident $fields:tt) => {
        $crate::__limits! { @items [$(#[$attr])*] [$vis] $Limits $new $fields }
        $crate::__limits! { @client [$vis] $Limits $new $client $fields }
        $crate::__limits! { @setters [$vis] $Limits $fields }
    };
    ($(#[$attr:meta])* $vis:vis struct $Limits:ident by $new:ident for $Owner:ident :: $change:ident $fields:tt) => {
        $crate::__limits! { @items [$(#[$attr])*] [$vis] $Limits $new $fields }
        $crate::__limits! { @owner_setters $Owner $change $fields }
    };
    (@items [$($attr:tt)*] [$vis:vis] $Limits:ident $new:ident {$(
        $(#[doc = $bounds:literal])*
        $field:ident, $setter:ident = $value:tt $unit:ident $(, client $client_value:tt $client_unit:ident)? {
            $(#[doc = $excess:literal])*
        }
    )*}) => {
        $($attr)*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        $vis struct $Limits {$(
            $(#[doc = $bounds])*
            #[doc = ::core::concat!(
                " Default: ",
                $crate::__limits!(@text $value $unit),
                $("; of a client: ", $crate::__limits!(@text $client_value $client_unit),)?
                "."
            )]
            ///
            $(#[doc = $excess])*
            $vis $field: $crate::__limits!(@type $value $unit),
        )*}

        impl $Limits {
            #[doc = "Names of the limits, for errors and counters."]
            pub(crate) const NAMES: Names = Names { $($field: ::core::stringify!($field)),* };

            #[doc(hidden)]
            $vis const DECLARATION: $crate::__limits::LimitsDeclaration = $crate::__limits::LimitsDeclaration {
                name: ::core::stringify!($Limits),
                limits: &[$($crate::__limits::LimitDeclaration {
                    name: ::core::stringify!($field),
                    setter: ::core::stringify!($setter),
                    unit: $crate::__limits!(@unit $value $unit),
                    default: $crate::__limits!(@text $value $unit),
                    client_default: $crate::__limits!(@client_text $($client_value $client_unit)?),
                    bounds: &[$($bounds),*],
                    excess: &[$($excess),*],
                }),*],
            };

            /// Creates the default limits.
            $vis const fn $new() -> Self {
                Self { $($field: $crate::__limits!(@value $value $unit)),* }
            }
        }

        impl ::core::default::Default for $Limits {
            fn default() -> Self {
                Self::$new()
            }
        }

        // The names of limits without an error of their own are never read.
        #[allow(dead_code)]
        pub(crate) struct Names { $(pub(crate) $field: &'static str),* }
    };
    (@client [$vis:vis] $Limits:ident $new:ident $client:ident {$(
        $(#[doc = $bounds:literal])*
        $field:ident, $setter:ident = $value:tt $unit:ident $(, client $client_value:tt $client_unit:ident)?
            { $($excess:tt)* }
    )*}) => {
        impl $Limits {
            /// Creates the default limits of a client. Its timeouts are longer: a server may call other systems
            /// before it replies, and is not obliged to send anything afterwards.
            $vis const fn $client() -> Self {
                let mut limits = Self::$new();
                $($(limits.$field = $crate::__limits!(@value $client_value $client_unit);)?)*
                limits
            }
        }
    };
    (@setters [$vis:vis] $Limits:ident {$(
        $(#[doc = $bounds:literal])*
        $field:ident, $setter:ident = $value:tt $unit:ident $(, client $client_value:tt $client_unit:ident)?
            { $($excess:tt)* }
    )*}) => {
        impl $Limits {$(
            #[doc = $crate::__limits!(@setter_docs $field $value $unit)]
            #[must_use]
            $vis const fn $setter(mut self, value: $crate::__limits!(@type $value $unit)) -> Self {
                self.$field = value;
                self
            }
        )*}
        $crate::__limits! { @check_setters "with_" $($setter $field)* }
    };
    (@owner_setters $Owner:ident $change:ident {$(
        $(#[doc = $bounds:literal])*
        $field:ident, $setter:ident = $value:tt $unit:ident { $(#[doc = $excess:literal])* }
    )*}) => {
        impl $Owner {$(
            #[doc = $crate::__limits!(@setter_docs $field $value $unit)]
            ///
            $(#[doc = $bounds])*
            ///
            $(#[doc = $excess])*
            #[must_use]
            pub fn $setter(self, value: $crate::__limits!(@type $value $unit)) -> Self {
                self.$change(|limits| limits.$field = value)
            }
        )*}
        $crate::__limits! { @check_setters "" $($setter $field)* }
    };
    (@check_setters $prefix:literal $($setter:ident $field:ident)*) => {
        const _: () = {$(
            ::core::assert!(
                $crate::__limits::is_setter(
                    ::core::stringify!($setter),
                    $prefix,
                    ::core::stringify!($field),
                ),
                ::core::concat!(
                    "the setter must be called `",
                    $prefix,
                    ::core::stringify!($field),
                    "`"
                )
            );
        )*};
    };
    (@setter_docs $field:ident $value:tt $unit:ident) => {
        ::core::concat!(
            "Sets the limit `",
            ::core::stringify!($field),
            "`. Default: ",
            $crate::__limits!(@text $value $unit),
            "."
        )
    };
    (@client_text) => { ::core::option::Option::None };
    (@client_text $value:tt $unit:ident) => {
        ::core::option::Option::Some($crate::__limits!(@text $value $unit))
    };
    (@text no limit) => { "none" };
    (@text $Other:ident defaults) => { ::core::concat!("that of each in `", ::core::stringify!($Other), "`") };
    (@text $value:literal $unit:ident) => {
        ::core::concat!(::core::stringify!($value), " ", ::core::stringify!($unit))
    };
    (@unit $Other:ident defaults) => { "limits" };
    (@unit $value:literal bytes) => { "bytes" };
    (@unit $value:literal KiB) => { "bytes" };
    (@unit $value:literal MiB) => { "bytes" };
    (@unit $value:literal ms) => { "time" };
    (@unit $value:literal s) => { "time" };
    (@unit $value:literal min) => { "time" };
    (@unit $value:literal $unit:ident) => { ::core::stringify!($unit) };
    (@type $Other:ident defaults) => { $Other };
    (@type $value:literal ms) => { ::core::time::Duration };
    (@type $value:literal s) => { ::core::time::Duration };
    (@type $value:literal min) => { ::core::time::Duration };
    (@type $value:literal $unit:ident) => { usize };
    (@value no limit) => { ::core::time::Duration::MAX };
    (@value $Other:ident defaults) => { $Other::new() };
    (@value $value:literal KiB) => { $value << 10 };
    (@value $value:literal MiB) => { $value << 20 };
    (@value $value:literal ms) => { ::core::time::Duration::from_millis($value) };
    (@value $value:literal s) => { ::core::time::Duration::from_secs($value) };
    (@value $value:literal min) => { ::core::time::Duration::from_mins($value) };
    (@value $value:literal $unit:ident) => { $value };
}
