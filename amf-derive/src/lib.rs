//! The macros of `amf-core` and `amf-remoting`. Use them through those crates, which re-export them.
//!
//! Each macro is a plain function from tokens to tokens, in three steps that have a file each: `parse` reads the
//! item and gathers every mistake in it, `ir` is what was understood, `codegen` writes the expansion. Where there
//! were mistakes, the expansion is their messages and stub implementations, so that one mistake is one message.

mod attr;
mod bounds;
mod client;
mod describe;
mod errors;
mod fault;
mod lints;
mod method;
mod names;
mod object;
mod paths;
mod service;
#[cfg(test)]
mod snapshots;
mod span;
mod types;

use proc_macro::TokenStream;

use crate::paths::Root;

/// Makes a struct an AMF object: implements `AmfClass`, `FromAmf` and `ToAmf`.
///
/// It is for structs with named fields; each field is a member of its name in camelCase. With
/// `#[amf(externalizable)]` the type may have any shape and implements `Externalizable` itself.
///
/// On the struct, `#[amf(...)]` takes
///
/// | | |
/// |---|---|
/// | `alias = "com.example.Player"` | the ActionScript class; without it, objects are anonymous |
/// | `rename_all = "snake_case"` | the case of all members: `camelCase` (the default), `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE`, or `none` for the names as written |
/// | `default` | members that are missing are taken from the struct's `Default` |
/// | `externalizable` | the type reads and writes its own body, by `Externalizable` |
/// | `crate = "my_crate::amf_core"` | where `amf-core` is found |
///
/// and on a field
///
/// | | |
/// |---|---|
/// | `rename = "hp"` | the member's name |
/// | `default` | where the member is missing, the type's `Default` |
/// | `default = "path::to::function"` | where it is missing, what this function gives |
/// | `skip` | not on the wire at all; read as the type's `Default` |
/// | `dynamic` | a `Dynamic`, which holds the members that the class does not declare |
///
/// A member that is missing and has no default becomes what its type says, `None` for an `Option`, or it is an
/// error that names it. Members that the class does not declare are ignored, unless there is a `dynamic` field.
///
/// Type parameters that occur in members are bound by `FromAmf` and `ToAmf`; what else they need (`'static` for
/// `Arc<T>`) is written on the struct.
#[proc_macro_derive(AmfObject, attributes(amf))]
pub fn amf_object(input: TokenStream) -> TokenStream {
    object::derive(input.into(), Root::core()).into()
}

/// `AmfObject` for programs that depend on `amf-remoting` alone, which re-exports it under that name.
///
/// Makes a struct an AMF object: implements `AmfClass`, `FromAmf` and `ToAmf`. On the struct, `#[amf(...)]` takes
/// `alias`, `rename_all`, `default`, `externalizable` and `crate`, on a field `rename`, `default`, `skip` and
/// `dynamic`; `amf_core::AmfObject` describes them.
#[proc_macro_derive(RemotingAmfObject, attributes(amf))]
pub fn remoting_amf_object(input: TokenStream) -> TokenStream {
    object::derive(input.into(), Root::core_in_remoting()).into()
}

/// Says what a caller learns of an error: implements `From<TheError>` for `Fault`, and nothing else.
///
/// Each variant of an enum, or a struct itself, has either
///
/// - `#[fault(code = "Game.RoomFull", message = "room {0} is full", detail = "{name} waits")]`: a code for programs,
///   a message for people, which is the variant's words ("room full") unless it is given, and more for people, if
///   there is more. Texts are format strings over the variant's fields, by position or by name. Or
/// - `#[fault(internal)]`: the fields are logged, which takes `Debug` of each of them; the caller learns no more
///   than `Server.Processing`.
///
/// On the item, `#[fault(crate = "my_crate::amf_remoting")]` says where `amf-remoting` is found.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(input: TokenStream) -> TokenStream {
    fault::derive(input.into()).into()
}

/// Makes the methods of an impl block callable by clients: implements `Service` for its type.
///
/// Every method of the block can be called, `pub` or not, and nothing else of the type; what is not for clients
/// stands in another block. A method takes `&self` first. Then a *borrowed* parameter, `user: &User`, is made
/// from the caller by `FromCaller` and lent; an *owned* one, `name: String`, arrives on the wire. It may be `async`
/// and returns a value that can be written as AMF, or a `Result` of one whose error becomes a `Fault`.
///
/// On the block, `#[remoting_service(...)]` takes `name = "game"` (otherwise the type's name in camelCase) and
/// `crate = "my_crate::amf_remoting"`. On a method, `#[remote(...)]` takes
///
/// | | |
/// |---|---|
/// | `rename = "serverVersion"` | the name on the wire; otherwise the method's in camelCase |
/// | `concurrent` | the calls after this one in a packet need not wait for it |
#[proc_macro_attribute]
pub fn remoting_service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::expand(arguments.into(), &item.into()).into()
}

/// Makes a trait the list of what the server may call on its clients: implements it for `Client`, and for `Group`
/// where no method is `async`.
///
/// A method takes `&self` and up to twelve values, borrowed or owned, that can be written as AMF. It is one of
///
/// - `fn player_joined(&self, player: &Player);`, told, whether it arrives or not,
/// - `fn said(&self, text: &str) -> Result<(), CallError>;`, told, with a result that says whether it went out,
/// - `async fn ping(&self, n: u32) -> Result<u32, CallError>;`, asked, with the client's answer.
///
/// `#[remote_client(crate = "my_crate::amf_remoting")]` says where `amf-remoting` is found;
/// `#[remote(rename = "onPing")]` on a method gives its name on the wire, which otherwise is camelCase.
#[proc_macro_attribute]
pub fn remote_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    client::expand(arguments.into(), &item.into()).into()
}
