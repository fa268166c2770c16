//! What the macros' expansions need and nobody writes by hand, and what those expansions look like.
//!
//! # What `#[remoting_service]` expands to
//!
//! The macro leaves the impl block as it is (without its own attributes) and adds one table of constants.
//! For
//!
//! ```text
//! #[remoting_service(name = "game")]
//! impl<S: Store> Game<S> {
//!     /// Enters a room.
//!     async fn join(&self, user: &User, player: Player, room: Option<String>) -> Result<Room, GameError> { .. }
//!     #[remote(concurrent, timeout = "5s", role = "admin")]
//!     fn version(&self) -> u32 { 7 }
//! }
//! ```
//!
//! it adds (`root` is `::amf_remoting`, or what `crate = "…"` says):
//!
//! ```text
//! impl<S: Store> root::Service for Game<S> where Game<S>: Send + Sync + 'static {
//!     const NAME: &'static str = "game";
//!     const METHODS: &'static [root::service::Method<Self>] = &[
//!         root::service::Method::<Self>::new("join", |service, arguments, context| {
//!             // owned parameters, in order: this part runs at once, on the request's bytes
//!             let __player = arguments.next::<Player>("player")?;
//!             let __room = arguments.next::<Option<String>>("room")?;
//!             root::__private::boxed_method(async move {
//!                 // borrowed parameters, in order
//!                 let __user = <User as root::FromCaller>::from_caller(context.caller()).await?;
//!                 let __output = Self::join(&*service, &__user, __player, __room).await; // no .await for a plain fn
//!                 root::IntoReply::into_reply(__output, &context)
//!             })
//!         })
//!         .parameters(const { &[
//!             root::service::Parameter::new::<Player>("player", "Player"),
//!             root::service::Parameter::new::<Option<String>>("room", "Option<String>"),
//!         ] })
//!         .returns("Result<Room, GameError>")   // left out where nothing is returned
//!         .docs("Enters a room."),
//!         root::service::Method::<Self>::new("version", |service, arguments, context| {
//!             root::__private::boxed_method(async move {
//!                 let __output = Self::version(&*service);
//!                 root::IntoReply::into_reply(__output, &context)
//!             })
//!         })
//!         .returns("u32")
//!         .concurrent()
//!         .timeout(::core::time::Duration::from_secs(5))   // left out where none is given
//!         .access(root::service::Access::Role("admin")),   // or LoggedIn; left out where it is public
//!     ];
//! }
//! ```
//!
//! The last two statements of a method that is `blocking` stand in `root::__private::run_blocking(move || { .. }).await`.
//!
//! The number of arguments is checked before the closure runs (from `parameters`), what is left over after it, and
//! a panic in either half becomes a fault: the expansion does none of that.
//!
//! # What `#[derive(Fault)]` expands to
//!
//! ```text
//! #[derive(Debug, Fault)]
//! enum GameError {
//!     #[fault(code = "Game.RoomFull", message = "room {0} is full")]
//!     RoomFull(String),
//!     #[fault(internal)]
//!     Db(DbError),
//! }
//!
//! impl ::core::convert::From<GameError> for root::Fault {
//!     fn from(error: GameError) -> Self {
//!         match error {
//!             GameError::RoomFull(field_0) => root::Fault::new("Game.RoomFull", ::std::format!("room {0} is full", field_0)),
//!             GameError::Db(field_0) => root::Fault::internal(::core::format_args!("GameError::Db: {:?}", field_0)),
//!         }
//!     }
//! }
//! ```
//!
//! # What `#[remote_client]` expands to
//!
//! ```text
//! #[remote_client]
//! trait GameEvents {
//!     fn player_joined(&self, player: &Player);               // told, whether it arrives or not
//!     fn said(&self, text: &str) -> Result<(), CallError>;    // told, and the caller wants to know whether it went out
//!     async fn ping(&self, n: u32) -> Result<u32, CallError>; // asked
//! }
//! ```
//!
//! The trait is kept, an `async fn` as `fn ping(&self, n: u32) -> impl Future<Output = Result<u32, CallError>> + Send;`.
//! It is implemented for `Client` and, where nothing is asked, for `Group`, with the same bodies:
//!
//! ```text
//! fn player_joined(&self, player: &Player) {
//!     root::__private::log_failed_notification("playerJoined", self.notify("playerJoined", (player,)))
//! }
//! fn said(&self, text: &str) -> Result<(), CallError> { self.notify("said", (text,)) }
//! fn ping(&self, n: u32) -> impl Future<Output = Result<u32, CallError>> + Send { self.invoke::<u32>("ping", (n,)) }
//! ```

/// Rate limits on log lines that a peer can cause.
pub use crate::__log_limit as log_limit;
pub use amf_core;

use crate::service::{CallError, Fault, MethodFuture, Reply, blocking_pool};

/// Boxes a method's future. The bounds are here so that a future that is not `Send` is reported in these words.
pub fn boxed_method<F>(method: F) -> Result<MethodFuture, Fault>
where
    F: Future<Output = Result<Reply, Fault>> + Send + 'static,
{
    Ok(Box::pin(method))
}

/// Runs a method on the blocking pool and encodes its result there; outside of a tokio runtime, in place.
///
/// # Errors
/// The fault of the method, or `Server.Processing` if the runtime shuts down first.
///
/// # Panics
/// With the panic of the method, so that it is reported as that of any other.
pub async fn run_blocking<F>(method: F) -> Result<Reply, Fault>
where
    F: FnOnce() -> Result<Reply, Fault> + Send + 'static,
{
    blocking_pool::run_blocking(method).await
}

/// What a notification without a result does with a failure: whoever is gone need not be told.
pub fn log_failed_notification(method: &'static str, outcome: Result<(), CallError>) {
    if let Err(error) = outcome {
        tracing::debug!(method, %error, "a client was not told");
    }
}
