//! Structs without members, encoded as their only field or as a list.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Index, Type};

use super::codegen::{decoder_lifetime, from_amf_impl, to_amf_impl};
use super::ir::{Conversion, Newtype, Object};

pub(super) fn expand(object: &Object<'_>, held: &Newtype<'_>) -> TokenStream {
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let Newtype { member, ty, conversion, skipped } = held;
    let defaults = skipped.iter().map(|(_, ty)| *ty);
    let rest = skipped.iter().map(|(member, _)| quote!(, #member: ::core::default::Default::default()));
    let rest: TokenStream = rest.collect();
    let make = quote!(|__value| Self { #member: __value #rest });
    let (types, read, write, others) = match conversion {
        Conversion::Module { path, place } => (
            None,
            Conversion::call(path, *place, "from_amf", &quote!(__decoder)),
            Conversion::call(path, *place, "to_amf", &quote!(&self.#member, __encoder)),
            None,
        ),
        Conversion::Type => (
            Some(*ty),
            quote!(<#ty as #root::FromAmf<#decoder>>::from_amf(__decoder)),
            quote!(<#ty as #root::ToAmf>::to_amf(&self.#member, __encoder)),
            Some(quote! {
                fn missing() -> ::core::option::Option<Self> {
                    <#ty as #root::FromAmf<#decoder>>::missing().map(#make)
                }
                fn classes(__classes: &mut #root::Classes) {
                    <#ty as #root::FromAmf<'_>>::classes(__classes);
                }
            }),
        ),
    };
    let from_amf = from_amf_impl(
        object,
        types.into_iter(),
        defaults,
        &quote! {
            fn from_amf(
                __decoder: &mut #root::Decoder<#decoder>,
            ) -> ::core::result::Result<Self, #root::DecodeError> {
                #read.map(#make)
            }
            #others
        },
    );
    let to_amf = to_amf_impl(
        object,
        types.into_iter(),
        &quote! {
            fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                #write
            }
        },
    );
    quote!(#from_amf #to_amf)
}

/// Generates the implementations of a tuple struct with several fields.
pub(super) fn list(object: &Object<'_>, elements: &[(Index, &Type)]) -> TokenStream {
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let types: Vec<&Type> = elements.iter().map(|(_, ty)| *ty).collect();
    let indices: Vec<&Index> = elements.iter().map(|(index, _)| index).collect();
    let variables: Vec<_> = indices.iter().map(|index| format_ident!("__field_{}", index)).collect();
    let from_amf = from_amf_impl(
        object,
        types.iter().copied(),
        [].iter(),
        &quote! {
            fn from_amf(
                __decoder: &mut #root::Decoder<#decoder>,
            ) -> ::core::result::Result<Self, #root::DecodeError> {
                <(#(#types,)*) as #root::FromAmf<#decoder>>::from_amf(__decoder)
                    .map(|(#(#variables,)*)| Self { #(#indices: #variables),* })
            }
            fn classes(__classes: &mut #root::Classes) {
                <(#(#types,)*) as #root::FromAmf<'_>>::classes(__classes);
            }
        },
    );
    let to_amf = to_amf_impl(
        object,
        types.iter().copied(),
        &quote! {
            fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                #root::ToAmf::to_amf(&(#(&self.#indices,)*), __encoder)
            }
        },
    );
    quote!(#from_amf #to_amf)
}
