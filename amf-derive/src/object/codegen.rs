//! Writes the implementations.

use std::collections::HashSet;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{GenericParam, Generics, Ident, Lifetime, LifetimeParam, Type, parse_quote};

use super::ir::{Body, Field, Missing, Object, Role};
use crate::bounds::{bind, is_generic};
use crate::{lints, span};

pub(crate) fn expand(object: &Object<'_>) -> TokenStream {
    match &object.body {
        Body::Externalizable(place) => externalizable(object, *place),
        Body::Fields { fields, default } => {
            let members = Members::new(object, fields, *default);
            let dynamic =
                fields.iter().any(|field| matches!(field.role, Role::Dynamic)).then(|| quote!(.dynamic()));
            let (root, alias) = (&object.root, &object.alias);
            let names = members.wire.iter().map(|(_, wire)| wire);
            let class = amf_class(object, &quote!(#root::Class::new(#alias, &[#(#names),*]) #dynamic));
            let from_amf = members.reading();
            let to_amf = members.writing();
            quote!(#class #from_amf #to_amf)
        }
    }
}

/// What stands beside the messages of a faulty struct, so that its uses are not reported as well.
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
    let class = amf_class(object, &quote!(#root::Class::new(#alias, &[]).externalizable()));
    // A type that is not `Externalizable` is reported where it says that it is, once.
    let mut generics = object.generics.clone();
    let (_, arguments, _) = object.generics.split_for_impl();
    let condition = span::moved(&quote!(#ident #arguments: #root::Externalizable), place);
    generics.make_where_clause().predicates.push(parse_quote!(#condition));
    let object = &Object {
        generics: &generics,
        body: Body::Externalizable(place),
        root: root.clone(),
        alias: alias.clone(),
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

/// A struct's fields, with those that are on the wire counted.
struct Members<'a> {
    object: &'a Object<'a>,
    fields: &'a [Field<'a>],
    default: Option<Span>,
    /// Members in order: a member's index in the class is its index here.
    wire: Vec<(&'a Field<'a>, &'a str)>,
}

impl<'a> Members<'a> {
    fn new(object: &'a Object<'a>, fields: &'a [Field<'a>], default: Option<Span>) -> Self {
        let wire = fields
            .iter()
            .filter_map(|field| match &field.role {
                Role::Member { wire, .. } => Some((field, wire.as_str())),
                Role::Skipped | Role::Dynamic => None,
            })
            .collect();
        Self { object, fields, default, wire }
    }

    fn types(&self) -> impl Iterator<Item = &'a Type> + Clone {
        self.wire.iter().map(|(field, _)| field.ty)
    }

    /// Each type once, however many members have it.
    fn distinct_types(&self) -> Vec<&'a Type> {
        let mut seen = HashSet::new();
        self.types().filter(|ty| seen.insert(ty.to_token_stream().to_string())).collect()
    }

    /// Those whose `Default` is needed.
    fn defaults(&self) -> impl Iterator<Item = &'a Type> {
        let fields = if self.default.is_some() { &[] } else { self.fields };
        fields.iter().filter_map(|field| match field.role {
            Role::Skipped | Role::Member { missing: Missing::Default, .. } => Some(field.ty),
            Role::Member { .. } | Role::Dynamic => None,
        })
    }

    fn reading(&self) -> TokenStream {
        let root = &self.object.root;
        let decoder = decoder_lifetime(self.object.generics);
        let variables = self.fields.iter().filter_map(|field| {
            let (variable, ty) = (variable(field.ident), field.ty);
            match field.role {
                Role::Member { .. } => Some(quote! {
                    let mut #variable: ::core::option::Option<#ty> = ::core::option::Option::None;
                }),
                Role::Dynamic => Some(quote!(let mut #variable: #ty = ::core::default::Default::default();)),
                Role::Skipped => None,
            }
        });
        let default = self.default.map(
            |place| quote_spanned!(place=> let __default = <Self as ::core::default::Default>::default();),
        );
        let in_order = self.read_in_order();
        let read_members = self.read_members();
        let values = self.fields.iter().map(|field| {
            let (ident, value) = (field.ident, self.value(field));
            quote!(#ident: #value)
        });
        let types = self.distinct_types();
        from_amf_impl(
            self.object,
            self.types(),
            self.defaults(),
            &quote! {
                fn from_amf(
                    __decoder: &mut #root::Decoder<#decoder>,
                ) -> ::core::result::Result<Self, #root::DecodeError> {
                    let __class = <Self as #root::AmfClass>::CLASS;
                    #in_order
                    #(#variables)*
                    #read_members
                    #default
                    ::core::result::Result::Ok(Self { #(#values),* })
                }
                fn classes(__classes: &mut #root::Classes) {
                    if __classes.add::<Self>() {
                        #(<#types as #root::FromAmf<'_>>::classes(__classes);)*
                    }
                }
            },
        )
    }

    /// The short way for AMF3 objects of the class's own traits: one member after the other.
    fn read_in_order(&self) -> Option<TokenStream> {
        if self.fields.iter().any(|field| !matches!(field.role, Role::Member { .. })) {
            return None;
        }
        let members = self.wire.iter().map(|(field, wire)| {
            let (ident, ty) = (field.ident, field.ty);
            quote!(#ident: __decoder.member::<#ty>(#wire)?)
        });
        Some(quote! {
            if let ::core::option::Option::Some(__object) = __decoder.begin_in_order(__class) {
                let __value = Self { #(#members),* };
                __decoder.end_in_order(__object);
                return ::core::result::Result::Ok(__value);
            }
        })
    }

    /// The loop over what is on the wire.
    fn read_members(&self) -> TokenStream {
        let root = &self.object.root;
        let dynamic = self.fields.iter().find(|field| matches!(field.role, Role::Dynamic));
        if self.wire.is_empty() && dynamic.is_none() {
            return quote! {
                let mut __object = __decoder.begin_object(__class)?;
                while __decoder.next_member(&mut __object)?.is_some() {
                    __decoder.skip()?;
                }
            };
        }
        let named = self.wire.iter().map(|(field, wire)| {
            let (variable, ty) = (variable(field.ident), field.ty);
            quote! {
                if __decoder.take_name(#wire) {
                    #variable = ::core::option::Option::Some(__decoder.member::<#ty>(#wire)?);
                }
            }
        });
        let declared = self.wire.iter().enumerate().map(|(index, (field, wire))| {
            let (index, variable, ty) = (Literal::usize_unsuffixed(index), variable(field.ident), field.ty);
            quote! {
                #root::Member::Declared(#index) => {
                    #variable = ::core::option::Option::Some(__decoder.late_member::<#ty>(#wire)?);
                }
            }
        });
        let unknown = dynamic.map(|field| {
            let variable = variable(field.ident);
            let dynamic = quote_spanned!(span::at(field.ty)=> &mut #variable);
            quote! {
                #root::Member::Unknown(__name) => __decoder.dynamic_member(__name, #dynamic)?,
            }
        });
        quote! {
            '__read: {
                let mut __object = match __decoder.begin_named(__class) {
                    ::core::option::Option::Some(__named) => {
                        #(#named)*
                        if __decoder.end_named(__named) {
                            break '__read;
                        }
                        __decoder.go_on_named(__named, __class)
                    }
                    ::core::option::Option::None => __decoder.begin_object(__class)?,
                };
                while let ::core::option::Option::Some(__member) = __decoder.next_member(&mut __object)? {
                    match __member {
                        #(#declared)*
                        #unknown
                        _ => __decoder.skip()?,
                    }
                }
            }
        }
    }

    /// What a field becomes when the object was read.
    fn value(&self, field: &Field<'_>) -> TokenStream {
        let (ident, variable, ty) = (field.ident, variable(field.ident), field.ty);
        match &field.role {
            Role::Dynamic => quote!(#variable),
            Role::Skipped if self.default.is_some() => quote!(__default.#ident),
            Role::Skipped => quote!(<#ty as ::core::default::Default>::default()),
            Role::Member { missing: Missing::Call(function), .. } => {
                quote!(#variable.unwrap_or_else(#function))
            }
            Role::Member { missing: Missing::Default, .. } => {
                quote!(#variable.unwrap_or_else(<#ty as ::core::default::Default>::default))
            }
            Role::Member { .. } if self.default.is_some() => quote!(#variable.unwrap_or(__default.#ident)),
            Role::Member { wire, .. } => quote!(__decoder.required::<#ty>(__class, #wire, #variable)?),
        }
    }

    fn writing(&self) -> TokenStream {
        let root = &self.object.root;
        let members = self.wire.iter().enumerate().map(|(index, (field, wire))| {
            let (index, ident, ty) = (Literal::usize_unsuffixed(index), field.ident, field.ty);
            let name = amf0_name(wire);
            quote!(__encoder.named_member::<#ty>(__class, #index, #name, &self.#ident)?;)
        });
        let dynamic = self.fields.iter().filter(|field| matches!(field.role, Role::Dynamic)).map(|field| {
            let ident = field.ident;
            let dynamic = quote_spanned!(span::at(field.ty)=> &self.#ident);
            quote!(__encoder.dynamic_members(#dynamic)?;)
        });
        to_amf_impl(
            self.object,
            self.types(),
            &quote! {
                fn to_amf(&self, __encoder: &mut #root::Encoder) -> ::core::result::Result<(), #root::EncodeError> {
                    let __class = <Self as #root::AmfClass>::CLASS;
                    __encoder.begin_object(__class)?;
                    #(#members)*
                    #(#dynamic)*
                    __encoder.end_object(__class);
                    ::core::result::Result::Ok(())
                }
            },
        )
    }
}

/// A name as it stands in AMF0: its length in 16 bits, then itself.
fn amf0_name(name: &str) -> Literal {
    let mut bytes = (name.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(name.as_bytes());
    Literal::byte_string(&bytes)
}

/// No field's variable can be one of the expansion's own.
fn variable(field: &Ident) -> Ident {
    format_ident!("__field_{}", field.unraw(), span = field.span())
}

fn amf_class(object: &Object<'_>, class: &TokenStream) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let (parameters, arguments, conditions) = object.generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::AmfClass for #ident #arguments #conditions {
            const CLASS: &'static #root::Class = &#class;
        }
    }
}

fn from_amf_impl<'a>(
    object: &Object<'_>,
    members: impl Iterator<Item = &'a Type>,
    defaults: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let decoder = decoder_lifetime(object.generics);
    let mut generics = object.generics.clone();
    bind(&mut generics, members, &parse_quote!(#root::FromAmf<#decoder>));
    let mut parameter = LifetimeParam::new(decoder.clone());
    parameter.bounds = object.generics.lifetimes().map(|borrowed| borrowed.lifetime.clone()).collect();
    generics.params.insert(0, GenericParam::Lifetime(parameter));
    for ty in defaults.filter(|ty| is_generic(ty, object.generics)) {
        generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::default::Default));
    }
    let (parameters, _, conditions) = generics.split_for_impl();
    let (_, arguments, _) = object.generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::FromAmf<#decoder> for #ident #arguments #conditions {
            #functions
        }
    }
}

fn to_amf_impl<'a>(
    object: &Object<'_>,
    members: impl Iterator<Item = &'a Type>,
    functions: &TokenStream,
) -> TokenStream {
    let (root, ident, lints) = (&object.root, object.ident, lints::on_generated_impl());
    let mut generics = object.generics.clone();
    bind(&mut generics, members, &parse_quote!(#root::ToAmf));
    let (parameters, _, _) = generics.split_for_impl();
    let (_, arguments, conditions) = object.generics.split_for_impl();
    quote! {
        #lints
        impl #parameters #root::ToAmf for #ident #arguments #conditions {
            #functions
        }
    }
}

/// The lifetime of the bytes that are read from; not one that the struct has itself.
fn decoder_lifetime(generics: &Generics) -> Lifetime {
    let taken = generics.lifetimes().any(|parameter| parameter.lifetime.ident == "de");
    let name = if taken { "'__de" } else { "'de" };
    Lifetime::new(name, Span::call_site())
}
