//! Macros of `amf-core` and `amf-remoting`. Use them through those crates, which re-export them.
//!
//! Each macro is a plain function from tokens to tokens in three steps, with a module for each: `parse` reads the
//! item and collects all errors in it, `ir` is the parsed model, and `codegen` generates the expansion. If there were
//! errors, the expansion consists of their messages and of stub implementations. The stubs suppress follow-up errors,
//! so that one mistake causes one message.

#![warn(clippy::missing_errors_doc, clippy::missing_panics_doc)]

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

/// A struct accepts these settings in `#[amf(...)]`:
///
/// | | |
/// |---|---|
/// | `alias = "com.example.Player"` | ActionScript class; without it, objects are anonymous |
/// | `also = "org.old.Player"` | another alias that is accepted when reading; may be repeated |
/// | `rename_all = "snake_case"` | case of all names: `camelCase` (the default), `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE`, or `none` for the names as written |
/// | `default` | missing members are taken from the struct's `Default` |
/// | `deny_unknown` | undeclared members are errors |
/// | `transparent` | the struct is encoded as its only field, as a tuple struct with one field always is |
/// | `externalizable` | the type, of any shape, reads and writes its own body by implementing `Externalizable` |
/// | `bound = "T: FromAmf<'de> + ToAmf"` | bounds that replace those derived from the members |
/// | `crate = "my_crate::amf_core"` | path of `amf-core` |
///
/// A field accepts:
///
/// | | |
/// |---|---|
/// | `rename = "hp"` | name of the member |
/// | `also = "health"` | another name that is accepted when reading; may be repeated |
/// | `default` | a missing member becomes the type's `Default` |
/// | `default = "path::to::function"` | a missing member becomes the result of the function |
/// | `as = "string"`, `as = "double"` | integers of any size are encoded as strings or as the nearest doubles |
/// | `with = "path::to::module"` | the functions `from_amf` and `to_amf` of the module read and write the member |
/// | `flatten` | the members of this struct are members of the outer one; with `default`, missing ones are taken from its `Default` |
/// | `skip` | the field is not encoded, and is read as the type's `Default` |
/// | `dynamic` | a `DynamicMembers` that receives undeclared members |
///
/// An enum accepts:
///
/// | | |
/// |---|---|
/// | `string` | unit variants are encoded as strings, which is the default if no variant is a class |
/// | `number` | unit variants are encoded as their discriminants |
/// | `rename_all` | case of the strings, by default as written; in an enum of classes, case of the members, by default camelCase |
/// | `alias` with `externalizable`, `bound`, `crate` | as for a struct |
///
/// A variant accepts:
///
/// | | |
/// |---|---|
/// | `alias = "com.example.Line"` | class of a unit variant, or of one with named fields |
/// | `rename = "spade"` | string of a unit variant |
/// | `also = "..."` | another alias or string that is accepted when reading; may be repeated |
/// | `other` | accepts values that match no other variant, and stores them if the variant has a field |
#[proc_macro_derive(AmfObject, attributes(amf))]
pub fn amf_object(input: TokenStream) -> TokenStream {
    object::derive(input.into(), Root::core()).into()
}

/// Derives `AmfObject` for programs that depend on `amf-remoting` only, which re-exports this macro under that name.
///
/// The derive implements `FromAmf`, `ToAmf` and related traits for a struct or an enum. `amf_core::AmfObject`
/// describes the supported types and attributes, with examples.
#[proc_macro_derive(RemotingAmfObject, attributes(amf))]
pub fn remoting_amf_object(input: TokenStream) -> TokenStream {
    object::derive(input.into(), Root::core_in_remoting()).into()
}

/// Derives the conversion of an error to a `Fault`, which determines the information that a caller receives. The
/// derive implements `From<TheError>` for `Fault`, and nothing else.
///
/// Each variant of an enum, or a struct itself, has one of two attributes:
///
/// - `#[fault(code = "Game.RoomFull", message = "room {0} is full", detail = "{name} waits")]` sends a code for
///   programs and a message for people. The message defaults to the name of the variant ("room full"). The optional
///   detail is another text for people. The texts are format strings with the fields of the variant, by position or
///   by name.
/// - `#[fault(internal)]` logs the fields, which must implement `Debug`. The caller receives the code
///   `Server.Processing` only.
///
/// On the item, `#[fault(crate = "my_crate::amf_remoting")]` sets the path of `amf-remoting`.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(input: TokenStream) -> TokenStream {
    fault::derive(input.into()).into()
}

/// Makes the methods of an impl block callable by clients, by implementing `Service` for the type.
///
/// All methods of the block can be called, whether they are `pub` or not, and no other methods of the type. Methods
/// that clients must not call belong in another block. A method takes `&self` first. A *borrowed* parameter,
/// `user: &User`, is created from the caller by `FromCaller`. An *owned* parameter, `name: String`, is an argument of
/// the call. A method may be `async`. It returns a value that implements `ToAmf`, or a `Result` whose error converts
/// to a `Fault`.
///
/// On the block, `#[remoting_service(...)]` accepts `name = "game"` (default: the name of the type in camelCase),
/// `crate = "my_crate::amf_remoting"`, and `role = "admin"` or `logged_in` as the access rule of all methods without
/// one of their own. On a method, `#[remote(...)]` accepts:
///
/// | | |
/// |---|---|
/// | `rename = "serverVersion"` | name on the wire; default: the name of the method in camelCase |
/// | `concurrent` | later calls of the same packet may start before this one completes |
/// | `timeout = "5m"` | timeout for one call of the method, instead of `Services::call_timeout`: `"250ms"`, `"30s"`, `"5m"`, `"1h"`, or `"none"` for no limit |
/// | `blocking` | the method runs on tokio's blocking pool |
/// | `role = "admin"` | only callers with this role may call the method |
/// | `logged_in` | only authenticated callers may call the method |
/// | `public` | every caller may call the method, regardless of the rule of the block |
///
/// Access rules are checked before the arguments are decoded; see `service::Access`.
///
/// # Timeouts
///
/// If a call has not completed at the end of its timeout, its future is dropped, and the caller receives the fault
/// `Server.Timeout`, which names the limit `method_timeout`. The timeout of a method may be longer or shorter than
/// `Services::call_timeout`. Over HTTP, all calls of a packet together are also limited by
/// `GatewayLimits::packet_timeout` (30 s by default), which a longer timeout of a method does not extend. The fault
/// then names `packet_timeout`. Increase that limit too if such a method is called over HTTP.
///
/// # CPU-bound methods
///
/// A method runs in the task of its connection. While it computes without yielding, the connection does not read,
/// does not send, and does not reply to pings. A poll of 100 ms or longer is logged as a warning, once for each
/// method, and counted by `amf_slow_polls_total`. A method with `blocking` runs on tokio's blocking pool instead, as
/// with `tokio::task::spawn_blocking`. Its result is encoded there too:
///
/// ```text
/// #[remote(blocking, timeout = "1m")]
/// fn best_move(&self, user: &User, board: Board) -> Move { .. }
/// ```
///
/// Borrowed parameters are created before, in the task of the connection. The method is a plain `fn`; an `async fn`
/// with a CPU-bound part passes that part to `spawn_blocking` itself. The number of blocking methods that run at the
/// same time is limited by the threads of the pool (`max_blocking_threads` of the runtime's builder, 512 by default).
/// Further ones wait, within their timeout. A panic results in a fault of its own call only. A thread cannot be
/// stopped: if the timeout elapses or the client disconnects, the method runs to its end, and its result is dropped.
/// A method that still waits for a thread is not started. Outside of a tokio runtime, the method runs in place.
#[proc_macro_attribute]
pub fn remoting_service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::expand(arguments.into(), &item.into()).into()
}

/// Declares the methods that a server may call on its clients, by implementing the trait for `Client`, and for
/// `Group` if no method is `async`.
///
/// A method takes `&self` and up to twelve values, borrowed or owned, that implement `ToAmf`. It has one of three
/// forms:
///
/// - `fn player_joined(&self, player: &Player);` sends a notification, and logs failures.
/// - `fn said(&self, text: &str) -> Result<(), CallError>;` sends a notification, and returns an error if it could
///   not be queued.
/// - `async fn ping(&self, n: u32) -> Result<u32, CallError>;` sends a call, and returns the client's reply.
///
/// `#[remote_client(crate = "my_crate::amf_remoting")]` sets the path of `amf-remoting`.
/// `#[remote(rename = "onPing")]` on a method sets its name on the wire, by default its name in camelCase.
#[proc_macro_attribute]
pub fn remote_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    client::expand(arguments.into(), &item.into()).into()
}
