//! Who calls, and what is known about them.

use std::sync::Arc;

use amf_core::Value;

use super::{Client, Extensions, Fault};

/// The other side of a call: the client itself, the headers of its request, and whatever a transport or a layer
/// found out about it.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Client,
    headers: Arc<Vec<(String, Value)>>,
    extensions: Arc<Extensions>,
}

impl Caller {
    /// A caller of whom nothing is known but how to reach them.
    pub fn new(client: Client) -> Self {
        Self { client, headers: Arc::default(), extensions: Arc::default() }
    }

    /// Sets the headers of the request.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(String, Value)>) -> Self {
        self.headers = Arc::new(headers);
        self
    }

    /// Attaches a value that [`extension`](Self::extension) finds by its type.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions_mut().insert(value);
        self
    }

    /// The same caller, reached another way.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// The client, which can be told things and, over RTMP, be asked.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A header of the request, by its name. Where there are several, the last one counts.
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.headers.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All headers of the request, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What was attached of this type.
    ///
    /// Over HTTP the head of the request is there as `http::request::Parts`, with the extensions that layers of
    /// the app put into it.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }

    /// Everything that was attached, to attach more: a layer may put an authenticated user here.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        Arc::make_mut(&mut self.extensions)
    }
}

/// What a method can borrow: `&T` among its parameters is made from the caller, by this.
///
/// ```
/// use amf_remoting::{Caller, Fault, FromCaller};
///
/// struct User { name: String }
///
/// impl FromCaller for User {
///     async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
///         match caller.header("user") {
///             Some(amf_remoting::Value::String(name)) => Ok(User { name: name.to_string() }),
///             _ => Err(Fault::new("Client.Authentication", "who are you?")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed from the caller",
    label = "a borrowed parameter is made from the caller of the method",
    note = "take `{Self}` by value if it arrives on the wire,",
    note = "or implement `FromCaller` for it if it is about who calls"
)]
pub trait FromCaller: Sized + Send + Sync {
    /// Makes it, or refuses the call.
    fn from_caller(caller: &Caller) -> impl Future<Output = Result<Self, Fault>> + Send;
}

impl FromCaller for Caller {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        Ok(caller.clone())
    }
}

impl FromCaller for Client {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        Ok(caller.client().clone())
    }
}
