//! Enums whose variants are classes, selected by the alias on the wire.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Type};

use super::{Variant, VariantContent, Variants};
use crate::bounds::is_generic;
use crate::object::codegen::{Members, decoder_lifetime, from_amf_impl, to_amf_impl, unique_types, variable};
use crate::object::ir::{Field, FieldRole, Object};
use crate::span;

pub(crate) fn expand(object: &Object<'_>, choice: &Variants<'_>) -> TokenStream {
    let generator = Generator { object, choice };
    let classes = generator.classes();
    let from_amf = generator.expand_from_amf();
    let to_amf = generator.expand_to_amf();
    quote! {
        const _: () = {
            #classes
            #from_amf
            #to_amf
        };
    }
}

/// Generator for one enum.
struct Generator<'a> {
    object: &'a Object<'a>,
    choice: &'a Variants<'a>,
}

impl<'a> Generator<'a> {
    /// Generates the classes of variants with members of their own, and checks that aliases are present and distinct.
    fn classes(&self) -> TokenStream {
        let root = &self.object.root;
        let own = self.choice.variants.iter().filter_map(|variant| {
            let VariantContent::Members { alias, also, fields } = &variant.content else { return None };
            let members = Members::new(self.object, fields, None, false);
            let (name, class) = (class_name(variant.ident), members.class(alias, also));
            Some(quote! {
                #[allow(non_upper_case_globals)]
                static #name: #root::Class = #class;
            })
        });
        let held: Vec<_> =
            self.held_types().filter(|(_, ty)| !is_generic(ty, self.object.generics)).collect();
        let checks = held.iter().map(|(variant, ty)| {
            let message = format!(
                "the struct in `{}::{}` has no alias, which alone would tell it from others: add \
                 `#[amf(alias = ...)]` to it",
                self.object.ident, variant.ident
            );
            quote_spanned! {span::at(ty)=>
                #[allow(deprecated)]
                const _: () = ::core::assert!(!<#ty as #root::AmfClass>::CLASS.alias().is_empty(), #message);
            }
        });
        let all_known = held.len() == self.held_types().count();
        let distinct = (all_known && !held.is_empty()).then(|| {
            let classes = self.class_array();
            let message = format!(
                "two variants of `{}` have the same alias, so nothing tells them apart",
                self.object.ident
            );
            quote_spanned! {span::at(self.object.ident)=>
                #[allow(deprecated)]
                const _: () = ::core::assert!(#root::__private::aliases_are_distinct(&#classes), #message);
            }
        });
        quote!(#(#own)* #(#checks)* #distinct)
    }

    /// Returns the classes in the order of the variants, as an array expression.
    fn class_array(&self) -> TokenStream {
        let root = &self.object.root;
        let classes = self.choice.variants.iter().map(|variant| match &variant.content {
            VariantContent::Class(ty) => quote_spanned!(span::at(ty)=> <#ty as #root::AmfClass>::CLASS),
            VariantContent::Members { .. } => {
                let name = class_name(variant.ident);
                quote!(&#name)
            }
        });
        quote!([#(#classes),*])
    }

    fn held_types(&self) -> impl Iterator<Item = (&'a Variant<'a>, &'a Type)> {
        self.choice.variants.iter().filter_map(|variant| match variant.content {
            VariantContent::Class(ty) => Some((variant, ty)),
            VariantContent::Members { .. } => None,
        })
    }

    /// Returns the types that are read and written within the enum: held classes, members, and the field of `other`.
    fn types(&self) -> Vec<&'a Type> {
        let inside = self.choice.variants.iter().flat_map(|variant| match &variant.content {
            VariantContent::Class(ty) => vec![*ty],
            VariantContent::Members { fields, .. } => Members::new(self.object, fields, None, false).types(),
        });
        inside.chain(self.choice.other.iter().filter_map(|other| other.kept_type)).collect()
    }

    fn expand_from_amf(&self) -> TokenStream {
        let root = &self.object.root;
        let decoder = decoder_lifetime(self.object.generics);
        let all = self.class_array();
        let arms = self.choice.variants.iter().enumerate().map(|(index, variant)| {
            let (index, ident) = (Literal::usize_unsuffixed(index), variant.ident);
            let read = match &variant.content {
                VariantContent::Class(ty) => quote! {
                    <#ty as #root::FromAmf<#decoder>>::from_amf(__decoder).map(Self::#ident)
                },
                VariantContent::Members { fields, .. } => {
                    let class = class_name(ident);
                    let body = Members::new(self.object, fields, None, false)
                        .read_body(&quote!(&#class), &quote!(Self::#ident));
                    quote!({ #body })
                }
            };
            quote!(::core::option::Option::Some(#index) => #read,)
        });
        let otherwise = if let Some(other) = &self.choice.other {
            let (ident, ty) = (other.ident, other.kept_type);
            quote!(<#ty as #root::FromAmf<#decoder>>::from_amf(__decoder).map(Self::#ident))
        } else {
            quote!(::core::result::Result::Err(#root::__private::no_such_class(__decoder, &__classes)))
        };
        let types = self.types();
        let own = self.choice.variants.iter().filter_map(|variant| match variant.content {
            VariantContent::Class(_) => None,
            VariantContent::Members { .. } => Some(class_name(variant.ident)),
        });
        let inside = unique_types(&types);
        let defaults = self.fields().filter_map(Members::default_of);
        from_amf_impl(
            self.object,
            types.iter().copied(),
            defaults,
            &quote! {
                fn from_amf(
                    __decoder: &mut #root::Decoder<#decoder>,
                ) -> ::core::result::Result<Self, #root::DecodeError> {
                    let __classes = #all;
                    match #root::__private::match_class(__decoder, &__classes)? {
                        #(#arms)*
                        _ => #otherwise,
                    }
                }
                fn classes(__classes: &mut #root::Classes) {
                    if __classes.visit::<Self>() {
                        #(__classes.add_class(&#own);)*
                        #(<#inside as #root::FromAmf<'_>>::classes(__classes);)*
                    }
                }
            },
        )
    }

    fn write_members(&self, fields: &[Field<'_>]) -> TokenStream {
        let members = Members::new(self.object, fields, None, false);
        let is_member = |field: &&Field<'_>| matches!(field.role, FieldRole::Member { .. });
        let written = fields.iter().filter(is_member).enumerate().map(|(index, field)| {
            let index = Literal::usize_unsuffixed(index).into_token_stream();
            members.write(field, &variable(field.ident).into_token_stream(), &index)
        });
        let dynamic = members.dynamic().map(|field| {
            members.write(field, &variable(field.ident).into_token_stream(), &TokenStream::new())
        });
        quote!(#(#written)* #dynamic)
    }

    fn fields(&self) -> impl Iterator<Item = &'a Field<'a>> {
        self.choice.variants.iter().flat_map(|variant| match &variant.content {
            VariantContent::Class(_) => [].iter(),
            VariantContent::Members { fields, .. } => fields.iter(),
        })
    }

    fn expand_to_amf(&self) -> TokenStream {
        let root = &self.object.root;
        let arms = self.choice.variants.iter().map(|variant| {
            let ident = variant.ident;
            match &variant.content {
                VariantContent::Class(ty) => write_held(root, ident, ty),
                VariantContent::Members { fields, .. } => {
                    let class = class_name(ident);
                    let bound = fields.iter().filter(|field| !matches!(field.role, FieldRole::Skipped)).map(
                        |field| {
                            let (name, variable) = (field.ident, variable(field.ident));
                            quote!(#name: #variable)
                        },
                    );
                    let members = self.write_members(fields);
                    quote! {
                        Self::#ident { #(#bound,)* .. } => {
                            let __class = &#class;
                            __encoder.begin_object(__class)?;
                            #members
                            __encoder.end_object(__class);
                            ::core::result::Result::Ok(())
                        }
                    }
                }
            }
        });
        let other = self
            .choice
            .other
            .iter()
            .filter_map(|other| other.kept_type.map(|ty| write_held(root, other.ident, ty)));
        to_amf_impl(
            self.object,
            self.types().into_iter(),
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
}

fn write_held(root: &crate::paths::Root, ident: &Ident, ty: &Type) -> TokenStream {
    quote!(Self::#ident(__held) => <#ty as #root::ToAmf>::to_amf(__held, __encoder),)
}

fn class_name(variant: &Ident) -> Ident {
    use syn::ext::IdentExt;
    format_ident!("__CLASS_{}", variant.unraw())
}
