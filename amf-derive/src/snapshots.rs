//! Snapshots of expansions. `tests/expansions/<macro>/<name>.rs` is the input, and `<name>.expanded.rs` its
//! expansion. After an intended change, `UPDATE_EXPANSIONS=1 cargo test -p amf-derive` updates the files; review the
//! difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

use crate::paths::Root;
use crate::{client, fault, object, service};

#[test]
fn expansions_match_the_snapshots() {
    let update = std::env::var_os("UPDATE_EXPANSIONS").is_some();
    let mut wrong = Vec::new();
    for input in inputs() {
        let expansion = expand_file(&input);
        let file = input.with_extension("expanded.rs");
        if update {
            fs::write(&file, &expansion).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != expansion {
            wrong.push(format!("{}, which became\n{expansion}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "these differ: {}", wrong.join("\n"));
}

fn inputs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions");
    let mut inputs: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|file| !file.to_string_lossy().ends_with(".expanded.rs"))
        .collect();
    inputs.sort();
    assert!(inputs.len() > 10, "there are {} inputs only", inputs.len());
    inputs
}

fn expand_file(input: &Path) -> String {
    let file = syn::parse_file(&fs::read_to_string(input).unwrap()).unwrap();
    let expansion: TokenStream = file.items.into_iter().map(expand_item).collect();
    let parsed = syn::parse2(expansion.clone())
        .unwrap_or_else(|error| panic!("{}: {error}\n{expansion}", input.display()));
    prettyplease::unparse(&parsed)
}

/// Expands an item by its first attribute, which is a derive or one of the attribute macros.
fn expand_item(mut item: Item) -> TokenStream {
    let attribute = attributes(&mut item).remove(0);
    let name = attribute.path().to_token_stream().to_string();
    let arguments = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    match name.as_str() {
        "remoting_service" => service::expand(arguments, &quote!(#item)),
        "remote_client" => client::expand(arguments, &quote!(#item)),
        "derive" => match arguments.to_string().as_str() {
            "AmfObject" => object::derive(quote!(#item), Root::core()),
            "RemotingAmfObject" => object::derive(quote!(#item), Root::core_in_remoting()),
            "Fault" => fault::derive(quote!(#item)),
            other => panic!("no such derive: {other}"),
        },
        other => panic!("no such macro: {other}"),
    }
}

fn attributes(item: &mut Item) -> &mut Vec<Attribute> {
    match item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        _ => panic!("no macro is for this"),
    }
}
