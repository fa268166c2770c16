//! Instances of applications: where clients that belong together meet.

mod registry;
mod type_map;

use std::fmt;
use std::sync::Arc;

use amf_remoting::{Caller, Client, Fault, FromCaller, Group};
use tokio_util::sync::CancellationToken;

use crate::proto::message::is_valid_application;
pub(crate) use registry::Registry;
use type_map::TypeMap;

/// An instance of an application: `red` of `lobby` in `rtmp://host/lobby/red`. It is where clients that belong
/// together meet: a room, a match, a document.
///
/// It is a cheap handle; clones are the same instance. Methods of services borrow the one that their caller is
/// connected to; anything else in the program, a timer or a handler of HTTP, gets it from
/// [`Server::instance`](crate::Server::instance).
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use amf_remoting::{Services, remoting_service};
/// use amf_rtmp::{Instance, Server};
///
/// #[derive(Default)]
/// struct Score(AtomicU32);
///
/// struct Game;
///
/// #[remoting_service(name = "game")]
/// impl Game {
///     fn score(&self, instance: &Instance, points: u32) {
///         let score = instance.state::<Score>().0.fetch_add(points, Ordering::Relaxed) + points;
///         let _ = instance.local_clients().notify("scored", (score,));
///     }
/// }
///
/// let server = Server::new(Services::new().add(Game));
/// let red = server.instance("lobby", "red")?;
/// red.local_clients().notify("closingSoon", ())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An instance is there as long as it has a client or somebody holds a handle to it. Then it is forgotten, with
/// its [`state`](Self::state); the next client finds a new one. What is to outlive that belongs into
/// [`server_state`](Self::server_state) or into a database. A handle that is kept in the instance's own state
/// keeps it for ever.
#[derive(Clone)]
pub struct Instance {
    inner: Arc<InstanceInner>,
}

struct InstanceInner {
    name: Name,
    clients: Group,
    state: TypeMap,
    instances: Arc<Instances>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Name {
    application: Box<str>,
    instance: Box<str>,
}

impl Instance {
    /// The name of the instance that clients get who name none: `rtmp://host/lobby`.
    pub const DEFAULT: &str = "_definst_";

    /// The application's name: `lobby` in `rtmp://host/lobby/red`. It is empty for clients that named none.
    pub fn application(&self) -> &str {
        &self.inner.name.application
    }

    /// The instance's name: `red` in `rtmp://host/lobby/red`, `red/7` in `rtmp://host/lobby/red/7`,
    /// [`DEFAULT`](Self::DEFAULT) in `rtmp://host/lobby`.
    pub fn name(&self) -> &str {
        &self.inner.name.instance
    }

    /// Returns the clients that are connected to the instance through this process: those that were accepted and are
    /// not gone.
    pub fn local_clients(&self) -> &Group {
        &self.inner.clients
    }

    /// The value of this type that belongs to the instance, made when it is first asked for.
    ///
    /// It is one value for all who ask, so what changes in it needs a lock or an atomic.
    pub fn state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.state_with(T::default)
    }

    /// The value of this type that belongs to the instance, made by `make` when it is first asked for.
    ///
    /// `make` must not ask for the type that it makes. It may take its time: only those wait for it who ask for
    /// the same type.
    pub fn state_with<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.inner.state.get_or_init(make)
    }

    /// The value of this type that belongs to the whole server: see [`Server::state`](crate::Server::state).
    pub fn server_state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.inner.instances.state.get_or_init(T::default)
    }

    /// Is done when the server has ended.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> {
        self.inner.instances.ended.cancelled()
    }

    pub(crate) fn add_client(&self, client: &Client) {
        self.inner.clients.add(client);
    }

    pub(crate) fn remove_client(&self, client: &Client) {
        self.inner.clients.remove(client);
    }
}

/// The one that the caller is connected to. A call over HTTP is the fault `Client.Connection`: there is no
/// connection, so there is no instance.
impl FromCaller for Instance {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        connection_extension(caller)
    }
}

/// Returns what a connection over RTMP attaches to its callers.
///
/// # Errors
/// The fault `Client.Connection` if the call came in over HTTP.
pub(crate) fn connection_extension<T: Clone + Send + Sync + 'static>(caller: &Caller) -> Result<T, Fault> {
    caller
        .extension::<T>()
        .cloned()
        .ok_or_else(|| Fault::new("Client.Connection", "this method is only for callers over RTMP"))
}

impl PartialEq for Instance {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Instance {}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("application", &self.inner.name.application)
            .field("name", &self.inner.name.instance)
            .field("clients", &self.inner.clients)
            .finish_non_exhaustive()
    }
}

/// `lobby/red`.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.application(), self.name())
    }
}

/// Splits what a client names into application and instance: `lobby` and `red` for `lobby/red`. Empty parts are skipped:
/// a slash too many in a URL names the same place for Flash Media Server.
pub(crate) fn split_app(app: &str) -> (&str, &str) {
    let app = app.trim_start_matches('/');
    app.split_once('/').unwrap_or((app, ""))
}

/// All instances of a server, and what belongs to the server as a whole.
#[derive(Default)]
pub(crate) struct Instances {
    live: Registry<Name, InstanceInner>,
    pub(crate) state: TypeMap,
    ended: CancellationToken,
}

impl Instances {
    /// The instance of this name, a new one if nobody has it. An empty name is the default.
    ///
    /// `max_len` is in bytes, for application, `/` and instance together.
    pub(crate) fn get(
        self: &Arc<Self>,
        application: &str,
        instance: &str,
        max_len: usize,
    ) -> Result<Instance, InstanceNameError> {
        let name = Name::new(application, instance, max_len)?;
        let inner = self.live.get_or_try_insert(name.clone(), |_| {
            Ok(Arc::new(InstanceInner {
                name,
                clients: Group::new(),
                state: TypeMap::default(),
                instances: Arc::clone(self),
            }))
        })?;
        Ok(Instance { inner })
    }

    /// Nothing lingers any more.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    /// Those that are there now, in no order.
    pub(crate) fn live(&self) -> Vec<Instance> {
        self.live.values().into_iter().map(|inner| Instance { inner }).collect()
    }
}

/// The last handle is gone.
impl Drop for InstanceInner {
    fn drop(&mut self) {
        self.instances.live.remove_dropped(&self.name);
    }
}

impl Name {
    fn new(application: &str, instance: &str, max_len: usize) -> Result<Self, InstanceNameError> {
        let application = application.trim_matches('/');
        let parts: Vec<_> = instance.split('/').filter(|part| !part.is_empty()).collect();
        let instance = parts.join("/");
        let len = application.len() + if instance.is_empty() { 0 } else { 1 + instance.len() };
        let is_valid = is_valid_application(application) && !application.contains(['/', '?']);
        let is_nameless = application.is_empty() && !instance.is_empty();
        if !is_valid || is_nameless || len > max_len || !is_valid_application(&instance) {
            return Err(InstanceNameError { application: application.into(), instance, max_len });
        }
        let instance = if instance.is_empty() { Instance::DEFAULT.into() } else { instance.into() };
        Ok(Self { application: application.into(), instance })
    }
}

/// A name that no instance can have.
///
/// Application and instance are at most [`Limits::application_name_bytes`](crate::proto::Limits::application_name_bytes) bytes
/// together and hold no NUL and no `..`; the application has no `?`, and no `/` but at its ends. An application whose
/// name is empty has the default instance alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceNameError {
    application: String,
    instance: String,
    max_len: usize,
}

impl fmt::Display for InstanceNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { application, instance, max_len } = self;
        write!(
            f,
            "expected an application and an instance of at most {max_len} bytes, without NUL and `..`, \
             got {application:?} and {instance:?}"
        )
    }
}

impl std::error::Error for InstanceNameError {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn empty_parts_of_an_app_are_skipped() {
        for (app, parts) in [
            ("lobby", ("lobby", "")),
            ("/lobby", ("lobby", "")),
            ("lobby/red", ("lobby", "red")),
            ("//lobby//red", ("lobby", "/red")),
            ("", ("", "")),
            ("//", ("", "")),
        ] {
            assert_eq!(split_app(app), parts, "{app:?}");
        }
    }

    #[test]
    fn an_instance_is_forgotten_with_its_last_handle() {
        let instances = Arc::new(Instances::default());
        let red = instances.get("lobby", "red", 128).unwrap();
        red.state::<AtomicU32>().store(7, Ordering::Relaxed);
        let again = instances.get("lobby", "red", 128).unwrap();
        assert_eq!(again, red);
        assert_eq!(again.state::<AtomicU32>().load(Ordering::Relaxed), 7);
        assert_ne!(instances.get("lobby", "blue", 128).unwrap(), red);
        drop(red);
        assert_eq!(instances.live(), std::slice::from_ref(&again));
        drop(again);
        assert!(instances.live().is_empty() && instances.live.lock().is_empty());
        let new = instances.get("lobby", "red", 128).unwrap();
        assert_eq!(new.state::<AtomicU32>().load(Ordering::Relaxed), 0);
    }

    #[test]
    fn server_state_outlives_instances() {
        let instances = Arc::new(Instances::default());
        instances.get("lobby", "red", 128).unwrap().server_state::<AtomicU32>().store(7, Ordering::Relaxed);
        let blue = instances.get("lobby", "blue", 128).unwrap();
        assert_eq!(blue.server_state::<AtomicU32>().load(Ordering::Relaxed), 7);
    }

    #[test]
    fn names_are_validated_and_the_default_is_filled_in() {
        let instances = Arc::new(Instances::default());
        for (given, name) in [
            ("", "_definst_"),
            ("_definst_", "_definst_"),
            ("red/", "red"),
            ("red/7", "red/7"),
            ("/", "_definst_"),
            ("/red", "red"),
            ("//red//7//", "red/7"),
        ] {
            let instance = instances.get("lobby", given, 128).unwrap();
            assert_eq!((instance.application(), instance.name()), ("lobby", name));
            assert_eq!(instances.get("/lobby/", given, 128).unwrap(), instance);
        }
        let nameless = instances.get("", "/", 128).unwrap();
        assert_eq!((nameless.application(), nameless.name()), ("", "_definst_"));
        assert_eq!(instances.get("lobby", "", 128).unwrap().to_string(), "lobby/_definst_");
        for (application, instance) in
            [("", "red"), ("/", "red"), ("..", ""), ("a\0", ""), ("lobby", "../x"), ("a/b", ""), ("a?b", "")]
        {
            let error = instances.get(application, instance, 128).unwrap_err();
            assert!(error.to_string().contains("128 bytes"), "{application} {instance}");
        }
        // 5 + 1 + 122 bytes are 128.
        instances.get("lobby", &"i".repeat(122), 128).unwrap();
        instances.get("lobby", &"i".repeat(123), 128).unwrap_err();
        instances.get(&"a".repeat(128), "", 128).unwrap();
        instances.get(&"a".repeat(129), "", 128).unwrap_err();
    }
}
