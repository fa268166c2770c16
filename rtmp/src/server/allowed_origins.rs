//! Web pages that may open a connection.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::uri::{Authority, Uri};

use super::Server;

/// The web pages that may open a connection through WebSocket or RTMPT, by the header `Origin` (RFC 6454) that browsers
/// send.
///
/// Browsers let every page open a WebSocket to any host, and send the cookies of that host along. So a server that
/// trusts cookies, addresses, or whoever reaches it has to know which pages connect. Programs that are no pages, such as
/// AIR, Ruffle on the desktop and `rtmpdump`, send no `Origin` and are always allowed.
///
/// A request with an origin that is not allowed receives `403 Forbidden`.
///
/// ```
/// use amf_remoting::Services;
/// use amf_rtmp::{AllowedOrigins, Server};
///
/// let origins = AllowedOrigins::list(["https://game.example", "http://localhost:8080"])?;
/// let server = Server::new(Services::new()).allowed_origins(origins);
/// # let _ = server;
/// # Ok::<(), amf_rtmp::OriginError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AllowedOrigins(Rule);

#[derive(Clone, Debug)]
enum Rule {
    SameHost,
    List(Arc<[Origin]>),
    Any,
}

impl AllowedOrigins {
    /// Allows pages of the host that the request names, whatever their scheme and port. This is the default.
    ///
    /// Behind a proxy that changes the header `Host`, no page is of the same host: pass the header on, or use a
    /// [list](Self::list).
    pub const fn same_host() -> Self {
        Self(Rule::SameHost)
    }

    /// Allows pages of these origins alone: scheme, host, and the port unless it is that of the scheme, such as
    /// `https://game.example`. `null` allows pages without an origin, such as local files.
    ///
    /// # Errors
    /// If an entry is no origin. A path, even `/`, does not belong to one.
    pub fn list<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Result<Self, OriginError> {
        let parse = |origin: S| {
            let origin = origin.as_ref();
            Origin::parse(origin).ok_or_else(|| OriginError { origin: origin.to_owned() })
        };
        Ok(Self(Rule::List(origins.into_iter().map(parse).collect::<Result<_, _>>()?)))
    }

    /// Allows every page. This is right where the connection alone grants nothing, as in a public lobby.
    pub const fn any() -> Self {
        Self(Rule::Any)
    }

    /// Checks that the request comes from a page that is allowed, or from no page.
    ///
    /// # Errors
    /// The response to a page that is not.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        if self.allows(uri, headers) {
            return Ok(());
        }
        tracing::debug!(origin = ?headers.get(ORIGIN), "a tunnel of a page was refused");
        Err((StatusCode::FORBIDDEN, "pages of this origin may not connect to this server"))
    }

    fn allows(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut sent = headers.get_all(ORIGIN).into_iter();
        let Some(origin) = sent.next() else { return true };
        let origin = origin.to_str().ok().filter(|_| sent.next().is_none()).and_then(Origin::parse);
        match (&self.0, origin) {
            (Rule::Any, _) => true,
            (_, None) => false,
            (Rule::List(allowed), Some(origin)) => allowed.contains(&origin),
            (Rule::SameHost, Some(origin)) => {
                request_host(uri, headers).is_some_and(|host| origin.is_of_host(&host))
            }
        }
    }
}

impl Default for AllowedOrigins {
    fn default() -> Self {
        Self::same_host()
    }
}

/// The host that a request names, without its port (RFC 9110 §7.2).
fn request_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if let Some(host) = uri.host() {
        return Some(host.to_owned());
    }
    let authority: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    Some(authority.host().to_owned())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// Of pages that have none, such as local files (RFC 6454 §7.1).
    Null,
    Tuple {
        scheme: String,
        host: String,
        port: Option<u16>,
    },
}

impl Origin {
    /// Schemes and hosts are compared without regard to case, and a port that is that of the scheme is left out.
    fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self::Null);
        }
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
        let authority: Authority = authority.parse().ok()?;
        if !is_scheme || authority.as_str().contains('@') {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match &*scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = authority.port_u16().filter(|port| Some(*port) != default_port);
        Some(Self::Tuple { scheme, host: authority.host().to_ascii_lowercase(), port })
    }

    fn is_of_host(&self, expected: &str) -> bool {
        matches!(self, Self::Tuple { host, .. } if host.eq_ignore_ascii_case(expected))
    }
}

/// A text in a [list](AllowedOrigins::list) that is no origin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OriginError {
    /// The text.
    pub origin: String,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no origin: expected a scheme and a host without a path, such as `https://game.example`",
            self.origin
        )
    }
}

impl Error for OriginError {}

impl Server {
    /// Sets the web pages that may connect through tunnels that are made of the server from now on. Default:
    /// [`AllowedOrigins::same_host`].
    #[must_use]
    pub fn allowed_origins(self, origins: AllowedOrigins) -> Self {
        self.with(|settings| settings.allowed_origins = origins)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn is_allowed(origins: &AllowedOrigins, host: &str, sent: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        for origin in sent {
            headers.append(ORIGIN, origin.parse().unwrap());
        }
        origins.allows(&Uri::from_static("/rtmp"), &headers)
    }

    #[test]
    fn the_same_host_is_allowed_whatever_scheme_and_port() {
        let same_host = AllowedOrigins::default();
        for (host, origin) in [
            ("game.example", "https://game.example"),
            ("game.example:1935", "http://game.example:8080"),
            ("GAME.example", "https://Game.Example"),
            ("[::1]:1935", "http://[::1]"),
            ("127.0.0.1:80", "http://127.0.0.1:3000"),
        ] {
            assert!(is_allowed(&same_host, host, &[origin]), "{host} {origin}");
        }
        for origin in [
            "https://evil.example",
            "https://game.example.evil.example",
            "https://evilgame.example",
            "https://game.example@evil.example",
            "https://evil.example@game.example",
            "https://evil.example/game.example",
            "https://evil.example#game.example",
            "https://evil.example:443:game.example",
            "game.example",
            "null",
            "",
            "://game.example",
            "https://",
        ] {
            assert!(!is_allowed(&same_host, "game.example", &[origin]), "{origin}");
        }
        // HTTP/2 and absolute targets name the host in the URI.
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, "https://game.example".parse().unwrap());
        assert!(same_host.allows(&Uri::from_static("https://game.example/rtmp"), &headers));
        assert!(!same_host.allows(&Uri::from_static("https://other.example/rtmp"), &headers));
        assert!(!same_host.allows(&Uri::from_static("/rtmp"), &headers), "no host is named");
    }

    #[test]
    fn requests_without_an_origin_are_allowed_and_those_with_two_are_not() {
        let list = AllowedOrigins::list(["https://game.example"]).unwrap();
        for origins in [&AllowedOrigins::default(), &list, &AllowedOrigins::any()] {
            assert!(is_allowed(origins, "game.example", &[]));
        }
        let two = ["https://game.example", "https://game.example"];
        assert!(!is_allowed(&AllowedOrigins::default(), "game.example", &two));
        assert!(!is_allowed(&list, "game.example", &two));
        assert!(is_allowed(&AllowedOrigins::any(), "game.example", &two));
        assert!(is_allowed(&AllowedOrigins::any(), "game.example", &["null"]));
    }

    #[test]
    fn a_list_allows_its_entries_alone() {
        let list = AllowedOrigins::list(["https://game.example", "http://localhost:8080", "null"]).unwrap();
        for (origin, expected) in [
            ("https://game.example", true),
            ("https://game.example:443", true),
            ("HTTPS://GAME.example", true),
            ("http://localhost:8080", true),
            ("null", true),
            ("http://game.example", false),
            ("https://game.example:8443", false),
            ("http://localhost", false),
            ("https://server.example", false),
        ] {
            assert_eq!(is_allowed(&list, "server.example", &[origin]), expected, "{origin}");
        }
        for text in
            ["game.example", "https://game.example/", "https://game.example/play", "*", "", "https://a@b"]
        {
            let error = AllowedOrigins::list([text]).unwrap_err();
            assert_eq!(error.origin, text);
        }
    }
}
