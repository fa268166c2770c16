//! The macros of `amf-core` and `amf-remoting`. Use them through those crates, which re-export them.
//!
//! Each macro is a plain function from tokens to tokens, in three steps that have a file each: `parse` reads the
//! item and gathers every mistake in it, `ir` is what was understood, `codegen` writes the expansion. Where there
//! were mistakes, the expansion is their messages and stub implementations, so that one mistake is one message.

mod access;
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
mod timeout;
mod types;

use proc_macro::TokenStream;

use crate::paths::Root;

/// On a struct, `#[amf(...)]` takes
///
/// | | |
/// |---|---|
/// | `alias = "com.example.Player"` | the ActionScript class; without it, objects are anonymous |
/// | `also = "org.old.Player"` | another alias that is read; as many as there are |
/// | `rename_all = "snake_case"` | the case of all members: `camelCase` (the default), `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE`, or `none` for the names as written |
/// | `default` | members that are missing are taken from the struct's `Default` |
/// | `deny_unknown` | members that the class does not declare are errors |
/// | `transparent` | what its one field holds, as a tuple struct of one field is anyway |
/// | `externalizable` | the type, of any shape, reads and writes its own body, by `Externalizable` |
/// | `bound = "T: FromAmf<'de> + ToAmf"` | conditions in place of those that members ask for |
/// | `crate = "my_crate::amf_core"` | where `amf-core` is found |
///
/// on a field
///
/// | | |
/// |---|---|
/// | `rename = "hp"` | the member's name |
/// | `also = "health"` | another name that is read; as many as there are |
/// | `default` | where the member is missing, the type's `Default` |
/// | `default = "path::to::function"` | where it is missing, what this function gives |
/// | `as = "string"`, `as = "double"` | integers of any size, as strings or as the nearest doubles |
/// | `with = "path::to::module"` | read and written by `from_amf` and `to_amf` of a module |
/// | `flatten` | a struct whose members are this one's too; with `default`, those that are missing are its `Default`'s |
/// | `skip` | not on the wire at all; read as the type's `Default` |
/// | `dynamic` | a `DynamicMembers`, which holds the members that the class does not declare |
///
/// on an enum
///
/// | | |
/// |---|---|
/// | `string` | unit variants are strings, which they are anyway if no variant is a class |
/// | `number` | unit variants are their discriminants |
/// | `rename_all` | the case of the strings, which are as written without it; in an enum of classes, of members, which are in camelCase without it |
/// | `alias` with `externalizable`, `bound`, `crate` | as on a struct |
///
/// and on a variant
///
/// | | |
/// |---|---|
/// | `alias = "com.example.Line"` | the class of a unit variant, or of one with named fields |
/// | `rename = "spade"` | the string |
/// | `also = "..."` | another alias or another string that is read; as many as there are |
/// | `other` | takes what no other does, and keeps it if it holds a value |
#[proc_macro_derive(AmfObject, attributes(amf))]
pub fn amf_object(input: TokenStream) -> TokenStream {
    object::derive(input.into(), Root::core()).into()
}

/// `AmfObject` for programs that depend on `amf-remoting` alone, which re-exports it under that name.
///
/// Makes a struct or an enum one that AMF can hold: implements `FromAmf` and `ToAmf`, and what goes with them.
/// `amf_core::AmfObject` describes the forms and the attributes, with examples.
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
/// On the block, `#[remoting_service(...)]` takes `name = "game"` (otherwise the type's name in camelCase),
/// `crate = "my_crate::amf_remoting"`, and `role = "admin"` or `logged_in` as the rule of all methods that have none of
/// their own. On a method, `#[remote(...)]` takes
///
/// | | |
/// |---|---|
/// | `rename = "serverVersion"` | the name on the wire; otherwise the method's in camelCase |
/// | `concurrent` | the calls after this one in a packet need not wait for it |
/// | `timeout = "5m"` | timeout for one call of the method, in place of `Services::call_timeout`: `"250ms"`, `"30s"`, `"5m"`, `"1h"`, or `"none"` for no limit |
/// | `blocking` | the method runs on tokio's blocking pool |
/// | `role = "admin"` | only who has this role may call it |
/// | `logged_in` | only who is known may call it |
/// | `public` | everybody may call it, whatever the block says |
///
/// A rule is checked before the arguments are decoded; see `service::Access`.
///
/// # Timeouts
///
/// A call that has not been answered when its time ends receives the fault `Server.Timeout`, which names the limit
/// `method_timeout`, and the method's future is dropped. A method may have more time than `Services::call_timeout` or
/// less. Over HTTP the calls of a packet also have `GatewayLimits::packet_timeout` (30 s by default) together, which a
/// longer timeout of a method does not extend: the fault then names `packet_timeout`. Raise that limit too if such a
/// method is to be called over HTTP.
///
/// # Methods that compute
///
/// A method runs in the task of its connection: as long as it computes without waiting, the connection reads nothing,
/// sends nothing and answers no ping. A poll of 100 ms or longer is logged as a warning, once for each method, and
/// counted by `amf_slow_polls_total`. A method with `blocking` runs on tokio's blocking pool instead, as by
/// `tokio::task::spawn_blocking`, and its result is encoded there:
///
/// ```text
/// #[remote(blocking, timeout = "1m")]
/// fn best_move(&self, user: &User, board: Board) -> Move { .. }
/// ```
///
/// Its borrowed parameters are made before, in the connection's task. It is a plain `fn`; an `async fn` that computes
/// for a part of its time gives that part to `spawn_blocking` itself. As many of these methods run at a time as the pool
/// has threads (`max_blocking_threads` of the runtime's builder, 512 by default), and further ones wait, within their
/// timeout. A panic is a fault of its call alone. A thread cannot be stopped: at the deadline, or if the client goes
/// away, the method runs to its end and its result is dropped; a method that still waits for a thread is not begun.
/// Outside of a tokio runtime it runs in place.
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
