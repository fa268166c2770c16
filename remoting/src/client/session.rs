//! What a client keeps from one request to the next: the gateway's address, headers and cookies.

use amf_core::packet::PacketWriter;
use amf_core::{EncodeError, ToAmf, Value, Version};
use bytes::Bytes;
use cookie::{Cookie, Expiration};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Uri, header};

use super::{ClientLimits, Replies, UrlError};
use crate::__log_limit::warn_limited;
use crate::service::budget::OutputBudget;

#[derive(Clone, Debug)]
pub(super) struct Session {
    /// As the program gave it.
    original: Uri,
    /// As the server changed it.
    current: Uri,
    headers: Vec<PersistentHeader>,
    cookies: Vec<Cookie<'static>>,
}

/// A header of all requests to come.
#[derive(Clone, Debug)]
struct PersistentHeader {
    name: String,
    must_understand: bool,
    value: Bytes,
}

impl Session {
    pub(super) fn new(url: &str) -> Result<Self, UrlError> {
        let wrong = |reason| UrlError { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|_| wrong("it is no URL"))?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || uri.host().is_none_or(str::is_empty) {
            return Err(wrong("expected http://host/path or https://host/path"));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("a user has no place in it: give credentials to the client"));
        }
        Ok(Self { original: uri.clone(), current: uri, headers: Vec::new(), cookies: Vec::new() })
    }

    pub(super) fn url(&self) -> &Uri {
        &self.current
    }

    pub(super) fn is_secure(&self) -> bool {
        self.original.scheme() == Some(&Scheme::HTTPS)
    }

    /// Sets a header of all requests to come, whose value has its place in the budget.
    pub(super) fn set_header(
        &mut self,
        name: &str,
        must_understand: bool,
        value: &(impl ToAmf + ?Sized),
        budget: OutputBudget,
    ) -> Result<(), EncodeError> {
        let value = budget.encode(Version::Amf0, |encoder| value.to_amf(encoder))?;
        self.remove_header(name);
        self.headers.push(PersistentHeader { name: name.to_owned(), must_understand, value });
        Ok(())
    }

    pub(super) fn remove_header(&mut self, name: &str) {
        self.headers.retain(|header| header.name != name);
    }

    pub(super) fn write_headers(&self, packet: &mut PacketWriter) -> Result<(), EncodeError> {
        self.headers
            .iter()
            .try_for_each(|header| packet.header(&header.name, header.must_understand, &header.value))
    }

    /// The value of the `Cookie` header, if there are any.
    pub(super) fn cookies(&self) -> Option<HeaderValue> {
        let is_secure = self.is_secure();
        let cookies = self.cookies.iter().filter(|cookie| is_secure || cookie.secure() != Some(true));
        let pairs: Vec<_> = cookies.map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok().filter(|value| !value.is_empty())
    }

    /// Keeps the cookies of a response. All requests go to one gateway, so path and domain need no look.
    pub(super) fn store_cookies(&mut self, headers: &HeaderMap, limits: &ClientLimits) {
        for value in headers.get_all(header::SET_COOKIE) {
            let Ok(text) = value.to_str() else { continue };
            let Ok(cookie) = Cookie::parse(text.to_owned()) else { continue };
            self.cookies.retain(|kept| kept.name() != cookie.name());
            if is_expired(&cookie) {
                continue;
            }
            if self.cookies.len() >= limits.stored_entries || text.len() > limits.stored_entry_bytes {
                warn_limited!(name = cookie.name(), "a cookie is not kept, since there are enough");
                continue;
            }
            self.cookies.push(cookie);
        }
    }

    /// Does what the headers of a reply ask for. What it does not know it leaves alone.
    pub(super) fn apply_headers(&mut self, replies: &Replies, limits: &ClientLimits) {
        for header in replies.headers() {
            let value = match header.value::<Value>() {
                Ok(value) => value,
                Err(error) => {
                    warn_limited!(%error, "a header of a reply cannot be read");
                    continue;
                }
            };
            match (header.name(), value.as_str()) {
                ("AppendToGatewayUrl", Some(suffix)) => self.append_to_url(suffix, limits),
                ("ReplaceGatewayUrl", Some(url)) => self.replace_url(url, limits),
                ("RequestPersistentHeader", _) => self.persist_header(&value, limits),
                (name, _) => tracing::debug!(name, "a header of a reply was left alone"),
            }
        }
    }

    /// A session in the path, `;jsessionid=…`, goes before the query, anything else to the end.
    fn append_to_url(&mut self, suffix: &str, limits: &ClientLimits) {
        let path = self.original.path();
        let written = match (self.original.query(), suffix.starts_with(';')) {
            (Some(query), true) => format!("{path}{suffix}?{query}"),
            (Some(query), false) => format!("{path}?{query}{suffix}"),
            (None, _) => format!("{path}{suffix}"),
        };
        self.set_path(&written, limits);
    }

    /// Another host is not gone to: it would get the credentials.
    fn replace_url(&mut self, url: &str, limits: &ClientLimits) {
        match url.parse::<Uri>() {
            Ok(uri) if uri.authority().is_none() => self.set_path(url, limits),
            Ok(uri)
                if uri.scheme() == self.original.scheme() && uri.authority() == self.original.authority() =>
            {
                self.set_path(uri.path_and_query().map_or("/", PathAndQuery::as_str), limits);
                self.original = self.current.clone();
            }
            _ => warn_limited!(url, "a server would have us call another one, which is not done"),
        }
    }

    fn set_path(&mut self, path: &str, limits: &ClientLimits) {
        let mut parts = self.original.clone().into_parts();
        let Some(path) = PathAndQuery::try_from(path).ok().filter(|path| {
            path.as_str().starts_with('/') && path.as_str().len() <= limits.stored_entry_bytes
        }) else {
            return warn_limited!(path, "a server changed its address to none");
        };
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            self.current = uri;
        }
    }

    /// `{name, mustUnderstand, data}`; without data the header is sent no more.
    fn persist_header(&mut self, value: &Value, limits: &ClientLimits) {
        let Some(name) = value.get("name").and_then(Value::as_str) else { return };
        let must_understand = value.get("mustUnderstand").and_then(Value::as_bool).unwrap_or_default();
        self.remove_header(name);
        let Some(data) = value.get("data").filter(|data| !data.is_null()) else { return };
        if self.headers.len() >= limits.stored_entries {
            return warn_limited!(name, "a persistent header is not kept, since there are enough");
        }
        // AMF0 repeats what AMF3 refers to, so a small reply may ask for a header of many megabytes.
        let left = limits.stored_entry_bytes.saturating_sub(name.len());
        let budget = OutputBudget::new(ClientLimits::NAMES.stored_entry_bytes, left);
        if name.len() > limits.stored_entry_bytes
            || self.set_header(name, must_understand, data, budget).is_err()
        {
            warn_limited!(name, "a persistent header is not kept, since it is too large");
        }
    }
}

fn is_expired(cookie: &Cookie<'_>) -> bool {
    let expired = match cookie.expires() {
        Some(Expiration::DateTime(time)) => std::time::SystemTime::from(time) <= std::time::SystemTime::now(),
        Some(Expiration::Session) | None => false,
    };
    cookie.max_age().map_or(expired, |age| !age.is_positive())
}
