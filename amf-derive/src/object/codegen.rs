//! Generation of the implementations.

use std::collections::HashSet;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{GenericParam, Generics, Ident, Lifetime, LifetimeParam, Type, parse_quote};

use super::enums::{classes, constants};
use super::ir::{Body, Conversion, Field, FieldRole, IfMissing, Object};
use super::{members, newtype};
use crate::bounds::{add_bound, is_generic, without_lifetime};
use crate::{lints, span};

pub(crate) fn expand(object: &Object<'_>) -> TokenStream {
    match &object.body {
        Body::Externalizable(place) => externalizable(object, *place),
        Body::Fields { fields, default, deny_unknown } => {
            let members = Members::new(object, fields, *default, *deny_unknown);
            let class = amf_class(object, &members.class(&object.alias, &object.also));
            let from_amf = members.expand_from_amf();
            let to_amf = members.expand_to_amf();
            let parts = members::expand(&members);
            quote!(#class #from_amf #to_amf #parts)
        }
        Body::Newtype(held) => newtype::expand(object, held),
        Body::List(elements) => newtype::list(object, elements),
        Body::Variants(variants) => classes::expand(object, variants),
        Body::Constants(choice) => constants::expand(object, choice),
    }
}

/// Generates stubs for a type with errors, so that uses of the type are not reported as well.
pub(crate) fn stub(object: &Object<'_>) -> TokenStream {
    let root = &object.root;
    let class = amf_class(object, &quote!(#root::Class::new("", &[])));
    let from_amf = from_amf_impl(
        object,
        [].iter(),
        [].iter(),
        &quote! {
            fn from_amf(_: &mut #root::Decoder<'_>) -> ::core::result::Result<Self, #root::DecodeError> {
                ::core::unimplemented!()
            }
        },
    );
    let to_amf = to_amf_impl(
        object,
        [].iter(),
        &quote! {
            fn to_amf(&self, _: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                ::core::unimplemented!()
            }
        },
    );
    quote!(#class #from_amf #to_amf)
}

fn externalizable(object: &Object<'_>, place: Span) -> TokenStream {
    let (root, alias, ident) = (&object.root, &object.alias, object.ident);
    let also = also(&object.also);
    let class = amf_class(object, &quote!(#root::Class::new(#alias, &[]) #also .externalizable()));
    // With this bound, a type that does not implement `Externalizable` is reported once, at its attribute.
    let mut generics = object.generics.clone();
    let (_, arguments, _) = object.generics.split_for_impl();
    let condition = span::with_span(&quote!(#ident #arguments: #root::Externalizable), place);
    generics.make_where_clause().predicates.push(parse_quote!(#condition));
    let object = &Object {
        generics: &generics,
        body: Body::Externalizable(place),
        bound: object.bound.clone(),
        root: root.clone(),
        alias: alias.clone(),
        also: object.also.clone(),
        ident,
    };
    let decoder = decoder_lifetime(object.generics);
    let from_amf = from_amf_impl(
        object,
        [].iter(),
        [].iter(),
        &quote! {
            fn from_amf(
                __decoder: &mut #root::Decoder<#decoder>,
            ) -> ::core::result::Result<Self, #root::DecodeError> {
                __decoder.externalizable::<Self>(<Self as #root::AmfClass>::CLASS)
            }
            fn classes(__classes: &mut #root::Classes) {
                __classes.add_externalizable::<Self>();
            }
        },
    );
    let to_amf = to_amf_impl(
        object,
        [].iter(),
        &quote! {
            fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                __encoder.externalizable::<Self>(<Self as #root::AmfClass>::CLASS, self)
            }
        },
    );
    quote!(#class #from_amf #to_amf)
}

/// Position of a member on the wire. Members in the order of the class are read by inlined code, others by a shared
/// function.
#[derive(Clone, Copy)]
pub(super) enum MemberOrder {
    InOrder,
    OutOfOrder,
}

/// Fields of a struct, with those that are members.
pub(super) struct Members<'a> {
    pub(super) object: &'a Object<'a>,
    pub(super) fields: &'a [Field<'a>],
    pub(super) default: Option<Span>,
    pub(super) deny_unknown: bool,
    /// Members in order. Unless some fields are flattened, the index here is the index in the class.
    wire: Vec<(&'a Field<'a>, &'a str)>,
}

impl<'a> Members<'a> {
    pub(super) fn new(
        object: &'a Object<'a>,
        fields: &'a [Field<'a>],
        default: Option<Span>,
        deny_unknown: bool,
    ) -> Self {
        let wire = fields
            .iter()
            .filter_map(|field| match &field.role {
                FieldRole::Member { wire, .. } => Some((field, wire.as_str())),
                FieldRole::Flattened { .. } | FieldRole::Skipped | FieldRole::Dynamic => None,
            })
            .collect();
        Self { object, fields, default, deny_unknown, wire }
    }

    /// Returns the class as an expression.
    pub(super) fn class(&self, alias: &str, also: &[String]) -> TokenStream {
        let root = &self.object.root;
        let also = self::also(also);
        if self.flattened().next().is_some() {
            let class = members::flattened_class(self, alias);
            return quote!(#class #also);
        }
        let names = self.wire.iter().map(|(_, wire)| wire);
        let dynamic = self.dynamic().map(|_| quote!(.dynamic()));
        quote!(#root::Class::new(#alias, &[#(#names),*]) #also #dynamic)
    }

    pub(super) fn flattened(&self) -> impl Iterator<Item = &'a Field<'a>> + use<'a> {
        self.fields.iter().filter(|field| matches!(field.role, FieldRole::Flattened { .. }))
    }

    pub(super) fn dynamic(&self) -> Option<&'a Field<'a>> {
        self.fields.iter().find(|field| matches!(field.role, FieldRole::Dynamic))
    }

    /// Returns the types of the members that are read and written by their own implementations.
    pub(super) fn types(&self) -> Vec<&'a Type> {
        let by_type =
            |field: &&Field<'_>| matches!(field.role, FieldRole::Member { conversion: Conversion::Type, .. });
        self.wire.iter().map(|(field, _)| *field).filter(by_type).map(|field| field.ty).collect()
    }

    /// Returns the types that must implement `Default`.
    pub(super) fn defaults(&self) -> impl Iterator<Item = &'a Type> {
        let fields = if self.default.is_some() { &[] } else { self.fields };
        fields.iter().filter_map(Self::default_of)
    }

    /// Returns the type of a field whose `Default` replaces a missing value.
    pub(super) fn default_of(field: &'a Field<'a>) -> Option<&'a Type> {
        match field.role {
            FieldRole::Skipped
            | FieldRole::Flattened { default: true }
            | FieldRole::Member { missing: IfMissing::Default, .. } => Some(field.ty),
            FieldRole::Member { .. } | FieldRole::Flattened { .. } | FieldRole::Dynamic => None,
        }
    }

    fn expand_from_amf(&self) -> TokenStream {
        let root = &self.object.root;
        let decoder = decoder_lifetime(self.object.generics);
        let body = if self.flattened().next().is_some() {
            quote!(#root::__private::read_object(__decoder))
        } else {
            self.read_body(&quote!(<Self as #root::AmfClass>::CLASS), &quote!(Self))
        };
        let types = self.types();
        let inside = unique_types(&types).into_iter().chain(self.flattened().map(|field| field.ty));
        from_amf_impl(
            self.object,
            self.types().into_iter(),
            self.defaults(),
            &quote! {
                fn from_amf(
                    __decoder: &mut #root::Decoder<#decoder>,
                ) -> ::core::result::Result<Self, #root::DecodeError> {
                    #body
                }
                fn classes(__classes: &mut #root::Classes) {
                    if __classes.add::<Self>() {
                        #(<#inside as #root::FromAmf<'_>>::classes(__classes);)*
                    }
                }
            },
        )
    }

    /// Generates code that reads an object of the class and returns `constructor` with its members.
    pub(super) fn read_body(&self, class: &TokenStream, constructor: &TokenStream) -> TokenStream {
        let variables = self.fields.iter().filter_map(|field| {
            let (variable, ty) = (variable(field.ident), field.ty);
            match field.role {
                FieldRole::Member { .. } => Some(quote! {
                    let mut #variable: ::core::option::Option<#ty> = ::core::option::Option::None;
                }),
                FieldRole::Dynamic => {
                    Some(quote!(let mut #variable: #ty = ::core::default::Default::default();))
                }
                FieldRole::Flattened { .. } | FieldRole::Skipped => None,
            }
        });
        let default = self.struct_default();
        let in_order = self.read_in_order(constructor);
        let read_members = self.read_members();
        let values = self.values();
        quote! {
            let __class = #class;
            #in_order
            #(#variables)*
            #read_members
            #default
            ::core::result::Result::Ok(#constructor { #values })
        }
    }

    /// Generates the fast path for AMF3 objects with the traits of the class, whose members arrive one after the
    /// other.
    fn read_in_order(&self, constructor: &TokenStream) -> Option<TokenStream> {
        let root = &self.object.root;
        if self.fields.iter().any(|field| !matches!(field.role, FieldRole::Member { .. })) {
            return None;
        }
        let members = self.wire.iter().map(|(field, _)| {
            let (ident, read) = (field.ident, self.read(field, MemberOrder::InOrder));
            quote!(#ident: #read)
        });
        Some(quote! {
            if let ::core::option::Option::Some(__object) = #root::__private::begin_in_order(__decoder, __class) {
                let __value = #constructor { #(#members),* };
                #root::__private::end_in_order(__decoder, __object);
                return ::core::result::Result::Ok(__value);
            }
        })
    }

    /// Generates the loop over the members on the wire.
    fn read_members(&self) -> TokenStream {
        let root = &self.object.root;
        let dynamic = self.dynamic();
        if self.wire.is_empty() && dynamic.is_none() && !self.deny_unknown {
            return quote! {
                let mut __object = __decoder.begin_object(__class)?;
                while __decoder.next_member(&mut __object)?.is_some() {
                    __decoder.skip()?;
                }
            };
        }
        let named = self.wire.iter().map(|(field, wire)| {
            let read = self.read_into(field, MemberOrder::InOrder);
            quote! {
                if #root::__private::take_name(__decoder, #wire) {
                    #read
                }
            }
        });
        let declared = self.wire.iter().enumerate().map(|(index, (field, _))| {
            let (index, read) =
                (Literal::usize_unsuffixed(index), self.read_into(field, MemberOrder::OutOfOrder));
            quote!(#root::Member::Declared(#index) => { #read })
        });
        let renamed = self.wire.iter().filter_map(|(field, _)| {
            let (others, read) = (other_names(field)?, self.read_into(field, MemberOrder::OutOfOrder));
            Some(quote! {
                #root::Member::Unknown(__name) if ::core::matches!(&*__name, #(#others)|*) => { #read }
            })
        });
        let unknown = match dynamic {
            Some(field) => {
                let variable = variable(field.ident);
                let dynamic = quote_spanned!(span::at(field.ty)=> &mut #variable);
                Some(quote! {
                    #root::Member::Unknown(__name) => __decoder.dynamic_member(__name, #dynamic)?,
                })
            }
            None => self.deny_unknown.then(|| {
                quote! {
                    #root::Member::Unknown(__name) => {
                        return ::core::result::Result::Err(
                            #root::__private::unknown_member(__decoder, __class, &__name),
                        );
                    }
                }
            }),
        };
        quote! {
            '__read: {
                let mut __object = match #root::__private::begin_named(__decoder, __class) {
                    ::core::option::Option::Some(__named) => {
                        #(#named)*
                        if #root::__private::end_named(__decoder, __named) {
                            break '__read;
                        }
                        #root::__private::resume_named(__decoder, __named, __class)
                    }
                    ::core::option::Option::None => __decoder.begin_object(__class)?,
                };
                while let ::core::option::Option::Some(__member) = __decoder.next_member(&mut __object)? {
                    match __member {
                        #(#declared)*
                        #(#renamed)*
                        #unknown
                        _ => __decoder.skip()?,
                    }
                }
            }
        }
    }

    fn read_into(&self, field: &Field<'_>, order: MemberOrder) -> TokenStream {
        let (variable, read) = (variable(field.ident), self.read(field, order));
        quote!(#variable = ::core::option::Option::Some(#read);)
    }

    /// Generates code that reads the value of one member.
    pub(super) fn read(&self, field: &Field<'_>, order: MemberOrder) -> TokenStream {
        let root = &self.object.root;
        let ty = field.ty;
        match &field.role {
            FieldRole::Member { wire, conversion: Conversion::Module { path, place }, .. } => {
                let read = Conversion::call(path, *place, "from_amf", &quote!(__decoder));
                quote!(#read.map_err(|__error| __error.in_member(#wire))?)
            }
            FieldRole::Member { wire, .. } => match order {
                MemberOrder::InOrder => quote!(__decoder.member::<#ty>(#wire)?),
                MemberOrder::OutOfOrder => {
                    quote!(#root::__private::member_out_of_order::<#ty>(__decoder, #wire)?)
                }
            },
            FieldRole::Flattened { .. } | FieldRole::Skipped | FieldRole::Dynamic => TokenStream::new(),
        }
    }

    pub(super) fn struct_default(&self) -> Option<TokenStream> {
        self.default.map(
            |place| quote_spanned!(place=> let __default = <Self as ::core::default::Default>::default();),
        )
    }

    /// Returns the fields with their values, for the end of an object.
    pub(super) fn values(&self) -> TokenStream {
        let values = self.fields.iter().map(|field| {
            let (ident, value) = (field.ident, self.value(field));
            quote!(#ident: #value)
        });
        quote!(#(#values),*)
    }

    fn value(&self, field: &Field<'_>) -> TokenStream {
        let root = &self.object.root;
        let (ident, variable, ty) = (field.ident, variable(field.ident), field.ty);
        match &field.role {
            FieldRole::Dynamic => quote!(#variable),
            FieldRole::Flattened { default } => members::flattened_value(self, field, *default),
            FieldRole::Skipped if self.default.is_some() => quote!(__default.#ident),
            FieldRole::Skipped => quote!(<#ty as ::core::default::Default>::default()),
            FieldRole::Member { missing: IfMissing::Call(function), .. } => {
                quote!(#variable.unwrap_or_else(#function))
            }
            FieldRole::Member { missing: IfMissing::Default, .. } => {
                quote!(#variable.unwrap_or_else(<#ty as ::core::default::Default>::default))
            }
            FieldRole::Member { .. } if self.default.is_some() => {
                quote!(#variable.unwrap_or(__default.#ident))
            }
            FieldRole::Member { missing: IfMissing::Null { allowed: true }, .. } => {
                quote!(#variable.unwrap_or(::core::option::Option::None))
            }
            FieldRole::Member { wire, missing: IfMissing::Null { .. }, .. } => {
                quote!(#root::__private::require_member(__decoder, __class, #wire, #variable)?)
            }
            FieldRole::Member { wire, .. } => quote!(__decoder.required::<#ty>(__class, #wire, #variable)?),
        }
    }

    fn expand_to_amf(&self) -> TokenStream {
        let root = &self.object.root;
        to_amf_impl(
            self.object,
            self.types().into_iter(),
            &quote! {
                fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                    let __class = <Self as #root::AmfClass>::CLASS;
                    __encoder.begin_object(__class)?;
                    #root::WriteMembers::write_members(self, __class, 0, __encoder)?;
                    #root::WriteMembers::write_dynamic(self, __encoder)?;
                    __encoder.end_object(__class);
                    ::core::result::Result::Ok(())
                }
            },
        )
    }

    /// Generates code that writes one field, given the expression for its value and its index. Flattened and skipped
    /// fields result in nothing.
    pub(super) fn write(&self, field: &Field<'_>, value: &TokenStream, index: &TokenStream) -> TokenStream {
        let root = &self.object.root;
        let ty = field.ty;
        match &field.role {
            FieldRole::Member { wire, conversion: Conversion::Module { path, place }, .. } => {
                let (name, write) =
                    (amf0_name(wire), Conversion::call(path, *place, "to_amf", &quote!(#value, __encoder)));
                quote! {
                    #root::__private::named_member(
                        __encoder,
                        __class,
                        #index,
                        #name,
                        &#root::__private::encode_with(|__encoder| #write),
                    )?;
                }
            }
            FieldRole::Member { wire, .. } => {
                let name = amf0_name(wire);
                quote!(#root::__private::named_member::<#ty>(__encoder, __class, #index, #name, #value)?;)
            }
            FieldRole::Dynamic => {
                let dynamic = span::at_location_of(value, field.ty);
                quote!(__encoder.dynamic_members(#dynamic)?;)
            }
            FieldRole::Flattened { .. } | FieldRole::Skipped => TokenStream::new(),
        }
    }
}

/// Returns each type once, in order.
pub(super) fn unique_types<'a>(types: &[&'a Type]) -> Vec<&'a Type> {
    let mut seen = HashSet::new();
    types.iter().copied().filter(|ty| seen.insert(ty.to_token_stream().to_string())).collect()
}

/// Returns the alternative names of a member, if it has any.
pub(super) fn other_names<'a>(field: &'a Field<'_>) -> Option<&'a [String]> {
    match &field.role {
        FieldRole::Member { also, .. } if !also.is_empty() => Some(also),
        _ => None,
    }
}

fn also(aliases: &[String]) -> Option<TokenStream> {
    (!aliases.is_empty()).then(|| quote!(.also(&[#(#aliases),*])))
}

/// Returns a name as AMF0 encodes it: its length in 16 bits, followed by its bytes.
fn amf0_name(name: &str) -> Literal {
    let mut bytes = (name.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(name.as_bytes());
    Literal::byte_string(&bytes)
}

/// Returns the name of the variable of a field, which cannot collide with those of the expansion.
pub(super) fn variable(field: &Ident) -> Ident {
    format_ident!("__field_{}", field.unraw(), span = field.span())
}

fn amf_class(object: &Object<'_>, class: &TokenStream) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let mut generics = object.generics.clone();
    members::bind_flattened(object, &mut generics, &quote!(#root::AmfClass));
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::AmfClass for #ident #arguments #conditions {
            const CLASS: &'static #root::Class = &#class;
        }
    }
}

pub(super) fn from_amf_impl<'a>(
    object: &Object<'_>,
    members: impl Iterator<Item = &'a Type>,
    defaults: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    decoder_impl(object, "FromAmf", members, defaults, functions)
}

/// Generates an implementation of a trait that has the lifetime of the decoder.
pub(super) fn decoder_impl<'a>(
    object: &Object<'_>,
    name: &str,
    members: impl Iterator<Item = &'a Type>,
    defaults: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let name = Ident::new(name, Span::call_site());
    let decoder = decoder_lifetime(object.generics);
    let generics = decoder_generics(object, members, defaults);
    let (parameters, _, conditions) = generics.split_for_impl();
    let (_, arguments, _) = object.generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::#name<#decoder> for #ident #arguments #conditions {
            #functions
        }
    }
}

/// Returns the generics of an implementation with the lifetime of the decoder, including bounds.
pub(super) fn decoder_generics<'a>(
    object: &Object<'_>,
    members: impl Iterator<Item = &'a Type>,
    defaults: impl Iterator<Item = &'a Type>,
) -> Generics {
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let mut generics = object.generics.clone();
    if let Some(bound) = &object.bound {
        generics.make_where_clause().predicates.extend(bound.iter().cloned());
    } else {
        add_bound(&mut generics, members, &parse_quote!(#root::FromAmf<#decoder>));
        members::bind_flattened(object, &mut generics, &quote!(#root::ReadMembers<#decoder>));
        for ty in defaults.filter(|ty| is_generic(ty, object.generics)) {
            generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::default::Default));
        }
    }
    let mut parameter = LifetimeParam::new(decoder.clone());
    parameter.bounds = object.generics.lifetimes().map(|borrowed| borrowed.lifetime.clone()).collect();
    generics.params.insert(0, GenericParam::Lifetime(parameter));
    generics
}

pub(super) fn to_amf_impl<'a>(
    object: &Object<'_>,
    members: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    encoder_impl(object, "ToAmf", members, functions)
}

/// Generates an implementation of a trait for writing.
pub(super) fn encoder_impl<'a>(
    object: &Object<'_>,
    name: &str,
    members: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let name = Ident::new(name, Span::call_site());
    let mut generics = object.generics.clone();
    if let Some(bound) = &object.bound {
        let decoder = decoder_lifetime(object.generics);
        let bound = bound.iter().filter_map(|predicate| without_lifetime(predicate, &decoder));
        generics.make_where_clause().predicates.extend(bound);
    } else {
        add_bound(&mut generics, members, &parse_quote!(#root::ToAmf));
        members::bind_flattened(object, &mut generics, &quote!(#root::WriteMembers));
    }
    let (parameters, _, conditions) = generics.split_for_impl();
    let (_, arguments, _) = object.generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::#name for #ident #arguments #conditions {
            #functions
        }
    }
}

/// Returns the lifetime of the input, which must differ from those of the struct.
pub(super) fn decoder_lifetime(generics: &Generics) -> Lifetime {
    let taken = generics.lifetimes().any(|parameter| parameter.lifetime.ident == "de");
    let name = if taken { "'__de" } else { "'de" };
    Lifetime::new(name, Span::call_site())
}
