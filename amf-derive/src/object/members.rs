//! Access to the members of a struct one by one, for structs that flatten it and for updates in place.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Generics, Index, parse_quote};

use super::codegen::{
    MemberOrder, Members, decoder_generics, decoder_impl, decoder_lifetime, encoder_impl, other_names,
    variable,
};
use super::ir::{Body, Field, FieldRole, Object};
use crate::bounds::is_generic;
use crate::span::at_location_of;

/// Generates the implementations of `ReadMembers` and `WriteMembers`.
pub(super) fn expand(members: &Members<'_>) -> TokenStream {
    let read = read_members(members);
    let write = write_members(members);
    let check = check_flattened(members);
    quote!(#read #write #check)
}

/// Returns the class of a struct with flattened fields as an expression.
pub(super) fn flattened_class(members: &Members<'_>, alias: &str) -> TokenStream {
    let root = &members.object.root;
    let parts = member_runs(members).into_iter().map(|part| match part {
        MemberRun::Own(fields) => {
            let names = fields.into_iter().filter_map(|field| match &field.role {
                FieldRole::Member { wire, .. } => Some(wire),
                _ => None,
            });
            quote!(#root::__private::ClassPart::Own(&[#(#names),*]))
        }
        MemberRun::Flattened(field) => {
            let ty = field.ty;
            at_location_of(
                &quote!(#root::__private::ClassPart::Flattened(<#ty as #root::AmfClass>::CLASS)),
                ty,
            )
        }
    });
    let dynamic = members.dynamic().is_some();
    let class =
        quote!(const { &#root::__private::FlattenedClass::new(&[#(#parts),*], #dynamic) }.class(#alias));
    members.flattened().next().map_or_else(|| class.clone(), |field| at_location_of(&class, field.ty))
}

/// Generates the value of a flattened field from its members.
pub(super) fn flattened_value(members: &Members<'_>, field: &Field<'_>, default: bool) -> TokenStream {
    let root = &members.object.root;
    let (ident, variable, ty) = (field.ident, variable(field.ident), field.ty);
    let decoder = decoder_lifetime(members.object.generics);
    let updated = |value: TokenStream| {
        quote! {{
            let mut __flattened: #ty = #value;
            <#ty as #root::ReadMembers<#decoder>>::apply(&mut __flattened, #variable);
            __flattened
        }}
    };
    let value = if default {
        updated(quote!(::core::default::Default::default()))
    } else if members.default.is_some() {
        updated(quote!(__default.#ident))
    } else {
        quote!(<#ty as #root::ReadMembers<#decoder>>::from_partial(#variable, __class, __decoder)?)
    };
    at_location_of(&value, ty)
}

/// Adds bounds for flattened fields with generic types.
pub(super) fn bind_flattened(object: &Object<'_>, generics: &mut Generics, bound: &TokenStream) {
    let Body::Fields { fields, .. } = &object.body else { return };
    for field in fields {
        if matches!(field.role, FieldRole::Flattened { .. }) && is_generic(field.ty, object.generics) {
            let ty = field.ty;
            generics.make_where_clause().predicates.push(parse_quote!(#ty: #bound));
        }
    }
}

/// Consecutive fields of the class.
enum MemberRun<'a> {
    Own(Vec<&'a Field<'a>>),
    Flattened(&'a Field<'a>),
}

fn member_runs<'a>(members: &Members<'a>) -> Vec<MemberRun<'a>> {
    let mut parts = Vec::new();
    for field in members.fields {
        match (&field.role, parts.last_mut()) {
            (FieldRole::Member { .. }, Some(MemberRun::Own(fields))) => fields.push(field),
            (FieldRole::Member { .. }, _) => parts.push(MemberRun::Own(vec![field])),
            (FieldRole::Flattened { .. }, _) => parts.push(MemberRun::Flattened(field)),
            (FieldRole::Skipped | FieldRole::Dynamic, _) => {}
        }
    }
    parts
}

/// Generates a constant that evaluates the class, so that an error in it is reported even if the class is unused.
fn check_flattened(members: &Members<'_>) -> Option<TokenStream> {
    let object = members.object;
    let first = members.flattened().next()?;
    if object.generics.params.iter().next().is_some() {
        return None;
    }
    let (root, ident) = (&object.root, object.ident);
    let check = quote! {
        #[allow(deprecated)]
        const _: &#root::Class = <#ident as #root::AmfClass>::CLASS;
    };
    Some(at_location_of(&check, first.ty))
}

fn read_members(members: &Members<'_>) -> TokenStream {
    let object = members.object;
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let found: Vec<&Field<'_>> =
        members.fields.iter().filter(|field| !matches!(field.role, FieldRole::Skipped)).collect();
    let types = found.iter().map(|field| {
        let ty = &owned(field.ty, object);
        match field.role {
            FieldRole::Flattened { .. } => {
                at_location_of(&quote!(<#ty as #root::ReadMembers<#decoder>>::Partial), field.ty)
            }
            FieldRole::Dynamic => quote!(#ty),
            _ => quote!(::core::option::Option<#ty>),
        }
    });
    let nothing = found.iter().map(|field| {
        let ty = field.ty;
        match field.role {
            FieldRole::Flattened { .. } => {
                at_location_of(&quote!(<#ty as #root::ReadMembers<#decoder>>::empty()), ty)
            }
            FieldRole::Dynamic => quote!(::core::default::Default::default()),
            _ => quote!(::core::option::Option::None),
        }
    });
    let variables: Vec<_> = found.iter().map(|field| variable(field.ident)).collect();
    let slot = |field: &Field<'_>| found.iter().position(|other| other.ident == field.ident).map(Index::from);
    let read = read_member(members, &slot);
    let read_undeclared = read_undeclared(members, &slot);
    let updates = found.iter().map(|field| {
        let (ident, ty, variable) = (field.ident, field.ty, variable(field.ident));
        match field.role {
            FieldRole::Flattened { .. } => {
                let update = quote! {
                    <#ty as #root::ReadMembers<#decoder>>::apply(&mut self.#ident, #variable);
                };
                at_location_of(&update, ty)
            }
            FieldRole::Dynamic => {
                at_location_of(&quote!(#root::__private::extend_dynamic(&mut self.#ident, &#variable);), ty)
            }
            _ => quote! {
                if let ::core::option::Option::Some(__value) = #variable {
                    self.#ident = __value;
                }
            },
        }
    });
    let denies = members.deny_unknown.then(|| {
        quote!(
            const DENIES_UNKNOWN: ::core::primitive::bool = true;
        )
    });
    let (default, values) = (members.struct_default(), members.values());
    let generics = decoder_generics(object, members.types().into_iter(), members.defaults());
    let (parameters, arguments, conditions) = generics.split_for_impl();
    let (_, own_arguments, _) = object.generics.split_for_impl();
    let ident = object.ident;
    let read_members = decoder_impl(
        object,
        "ReadMembers",
        members.types().into_iter(),
        members.defaults(),
        &quote! {
            type Partial = __Partial #arguments;
            #denies
            #[inline]
            fn empty() -> Self::Partial {
                __Partial(#(#nothing,)* ::core::marker::PhantomData)
            }
            #read
            #read_undeclared
            #[inline]
            fn from_partial(
                __found: Self::Partial,
                __class: &'static #root::Class,
                __decoder: &#root::Decoder<#decoder>,
            ) -> ::core::result::Result<Self, #root::DecodeError> {
                let __Partial(#(#variables,)* _) = __found;
                #default
                ::core::result::Result::Ok(Self { #values })
            }
            #[inline]
            fn apply(&mut self, __found: Self::Partial) {
                let __Partial(#(#variables,)* _) = __found;
                #(#updates)*
            }
        },
    );
    // The type must be a `pub` struct, because an associated type must not expose private types of fields.
    quote! {
        const _: () = {
            #[doc(hidden)]
            #[allow(deprecated, missing_debug_implementations, private_bounds)]
            pub struct __Partial #parameters (
                #(#types,)*
                ::core::marker::PhantomData<(&#decoder (), #ident #own_arguments)>,
            ) #conditions;
            #read_members
        };
    }
}

/// Returns a type as it is written outside of its struct, with the name of the struct instead of `Self`.
fn owned(ty: &impl ToTokens, object: &Object<'_>) -> TokenStream {
    let (_, arguments, _) = object.generics.split_for_impl();
    let ident = object.ident;
    let replaced = ty.to_token_stream().into_iter().map(|token| match token {
        TokenTree::Ident(name) if name == "Self" => quote!(#ident #arguments),
        TokenTree::Group(group) => {
            TokenTree::from(Group::new(group.delimiter(), owned(&group.stream(), object))).into()
        }
        other => other.into(),
    });
    replaced.collect()
}

fn read_member(members: &Members<'_>, slot: &impl Fn(&Field<'_>) -> Option<Index>) -> TokenStream {
    let object = members.object;
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let parts = member_runs(members);
    let several = parts.len() > 1;
    let reads = parts.iter().map(|part| match part {
        MemberRun::Own(fields) => {
            let arms = fields.iter().enumerate().map(|(index, field)| {
                let (index, slot, read) = (Literal::usize_unsuffixed(index), slot(field), members.read(field, MemberOrder::OutOfOrder));
                quote!(#index => __found.#slot = ::core::option::Option::Some(#read),)
            });
            let count = Literal::usize_unsuffixed(fields.len());
            let rest = several.then(|| quote!(let __index = __index.wrapping_sub(#count);));
            quote! {
                match __index {
                    #(#arms)*
                    _ => {}
                }
                #rest
            }
        }
        MemberRun::Flattened(field) => {
            let (ty, slot) = (field.ty, slot(field));
            let read = quote! {
                let __count = <#ty as #root::AmfClass>::CLASS.members().len();
                if __index < __count {
                    <#ty as #root::ReadMembers<#decoder>>::read_member(&mut __found.#slot, __index, __decoder)?;
                }
                let __index = __index.wrapping_sub(__count);
            };
            at_location_of(&read, ty)
        }
    });
    quote! {
        #[inline]
        fn read_member(
            __found: &mut Self::Partial,
            __index: ::core::primitive::usize,
            __decoder: &mut #root::Decoder<#decoder>,
        ) -> ::core::result::Result<(), #root::DecodeError> {
            #(#reads)*
            ::core::result::Result::Ok(())
        }
    }
}

/// Generates the handling of undeclared members. Returns `None` if they are ignored.
fn read_undeclared(
    members: &Members<'_>,
    slot: &impl Fn(&Field<'_>) -> Option<Index>,
) -> Option<TokenStream> {
    let object = members.object;
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let renamed: Vec<_> = members
        .fields
        .iter()
        .filter_map(|field| {
            let (names, slot, read) =
                (other_names(field)?, slot(field), members.read(field, MemberOrder::OutOfOrder));
            Some(quote! {
                if ::core::matches!(&*__name, #(#names)|*) {
                    __found.#slot = ::core::option::Option::Some(#read);
                    return ::core::result::Result::Ok(::core::option::Option::None);
                }
            })
        })
        .collect();
    let flattened: Vec<_> = members
        .flattened()
        .map(|field| {
            let (ty, slot) = (field.ty, slot(field));
            let read = quote! {
                let ::core::option::Option::Some(__name) =
                    <#ty as #root::ReadMembers<#decoder>>::read_undeclared(&mut __found.#slot, __name, __decoder)?
                else {
                    return ::core::result::Result::Ok(::core::option::Option::None);
                };
            };
            at_location_of(&read, ty)
        })
        .collect();
    let rest = if let Some(field) = members.dynamic() {
        let slot = slot(field);
        let dynamic = at_location_of(&quote!(&mut __found.#slot), field.ty);
        quote! {
            __decoder.dynamic_member(__name, #dynamic)?;
            ::core::result::Result::Ok(::core::option::Option::None)
        }
    } else {
        quote!(::core::result::Result::Ok(::core::option::Option::Some(__name)))
    };
    if renamed.is_empty() && flattened.is_empty() && members.dynamic().is_none() {
        return None;
    }
    Some(quote! {
        #[inline]
        fn read_undeclared(
            __found: &mut Self::Partial,
            __name: #root::__private::Name<#decoder>,
            __decoder: &mut #root::Decoder<#decoder>,
        ) -> ::core::result::Result<::core::option::Option<#root::__private::Name<#decoder>>, #root::DecodeError> {
            #(#renamed)*
            #(#flattened)*
            #rest
        }
    })
}

fn write_members(members: &Members<'_>) -> TokenStream {
    let object = members.object;
    let root = &object.root;
    let mut before = 0_usize;
    let writes: Vec<_> = member_runs(members)
        .iter()
        .map(|part| match part {
            MemberRun::Own(fields) => fields
                .iter()
                .map(|field| {
                    let ident = field.ident;
                    let offset = Literal::usize_unsuffixed(before);
                    before += 1;
                    members.write(field, &quote!(&self.#ident), &quote!(__first + #offset))
                })
                .collect::<TokenStream>(),
            MemberRun::Flattened(field) => {
                let (ident, ty) = (field.ident, field.ty);
                let offset = Literal::usize_unsuffixed(before);
                before = 0;
                let write = quote! {
                    let __first = __first + #offset;
                    <#ty as #root::WriteMembers>::write_members(&self.#ident, __class, __first, __encoder)?;
                    let __first = __first + <#ty as #root::AmfClass>::CLASS.members().len();
                };
                at_location_of(&write, ty)
            }
        })
        .collect();
    let dynamic: Vec<_> = members
        .flattened()
        .map(|field| {
            let (ident, ty) = (field.ident, field.ty);
            let write = quote! {
                <#ty as #root::WriteMembers>::write_dynamic(&self.#ident, __encoder)?;
            };
            at_location_of(&write, ty)
        })
        .chain(members.dynamic().map(|field| {
            let ident = field.ident;
            members.write(field, &quote!(&self.#ident), &TokenStream::new())
        }))
        .collect();
    let write_dynamic = (!dynamic.is_empty()).then(|| {
        quote! {
            fn write_dynamic(
                &self,
                __encoder: &mut #root::Encoder,
            ) -> ::core::result::Result<(), #root::EncodeError> {
                #(#dynamic)*
                ::core::result::Result::Ok(())
            }
        }
    });
    encoder_impl(
        object,
        "WriteMembers",
        members.types().into_iter(),
        &quote! {
            #[inline]
            fn write_members(
                &self,
                __class: &'static #root::Class,
                __first: ::core::primitive::usize,
                __encoder: &mut #root::Encoder,
            ) -> ::core::result::Result<(), #root::EncodeError> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }
            #write_dynamic
        },
    )
}
