//! Enums of unit variants, encoded as strings or numbers.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{ConstantForm, Constants};
use crate::object::codegen::{decoder_lifetime, from_amf_impl, to_amf_impl};
use crate::object::ir::Object;

pub(crate) fn expand(object: &Object<'_>, choice: &Constants<'_>) -> TokenStream {
    let from_amf = expand_from_amf(object, choice);
    let to_amf = expand_to_amf(object, choice);
    quote!(#from_amf #to_amf)
}

fn expand_from_amf(object: &Object<'_>, choice: &Constants<'_>) -> TokenStream {
    let root = &object.root;
    let decoder = decoder_lifetime(object.generics);
    let known = choice.units.iter().map(|constant| &constant.value);
    let also = choice.units.iter().flat_map(|constant| &constant.also);
    let (ty, among, unknown) = match choice.form {
        ConstantForm::Strings => (quote!(&::core::primitive::str), quote!(match_name), quote!(no_such_name)),
        ConstantForm::Numbers => {
            (quote!(::core::primitive::i128), quote!(match_number), quote!(no_such_number))
        }
    };
    let mut next = choice.units.len();
    let arms: Vec<_> = choice
        .units
        .iter()
        .enumerate()
        .map(|(index, constant)| {
            let first = next;
            next += constant.also.len();
            let indices = std::iter::once(index).chain(first..next).map(Literal::usize_unsuffixed);
            let ident = constant.ident;
            quote!(::core::option::Option::Some(#(#indices)|*) => ::core::result::Result::Ok(Self::#ident),)
        })
        .collect();
    let otherwise = match choice.other.as_ref().map(|other| (other.ident, other.kept_type)) {
        None => quote!(::core::result::Result::Err(#root::__private::#unknown(__decoder, &__known))),
        Some((ident, None)) => quote!(__decoder.skip().map(|()| Self::#ident)),
        Some((ident, Some(ty))) => {
            quote!(<#ty as #root::FromAmf<#decoder>>::from_amf(__decoder).map(Self::#ident))
        }
    };
    let kept = choice.other.iter().filter_map(|other| other.kept_type);
    let count = Literal::usize_unsuffixed(next);
    from_amf_impl(
        object,
        kept,
        [].iter(),
        &quote! {
            fn from_amf(
                __decoder: &mut #root::Decoder<#decoder>,
            ) -> ::core::result::Result<Self, #root::DecodeError> {
                let __known: [#ty; #count] = [#(#known,)* #(#also),*];
                match #root::__private::#among(__decoder, &__known)? {
                    #(#arms)*
                    _ => #otherwise,
                }
            }
        },
    )
}

fn expand_to_amf(object: &Object<'_>, choice: &Constants<'_>) -> TokenStream {
    let root = &object.root;
    let arms = choice.units.iter().map(|constant| {
        let (ident, value) = (constant.ident, &constant.value);
        match choice.form {
            ConstantForm::Strings => quote!(Self::#ident => __encoder.string(#value),),
            ConstantForm::Numbers => quote! {
                Self::#ident => <::core::primitive::i128 as #root::ToAmf>::to_amf(&(#value), __encoder),
            },
        }
    });
    let other = choice.other.iter().filter_map(|other| {
        let (ident, ty) = (other.ident, other.kept_type?);
        Some(quote!(Self::#ident(__kept) => <#ty as #root::ToAmf>::to_amf(__kept, __encoder),))
    });
    let kept = choice.other.iter().filter_map(|other| other.kept_type);
    to_amf_impl(
        object,
        kept,
        &quote! {
            fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                match self {
                    #(#arms)*
                    #(#other)*
                }
            }
        },
    )
}
