//! Where a client connects to.

use super::error::ConnectError;

/// A URL of RTMP, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Whether it is `rtmps`.
    pub(super) is_secure: bool,
    /// Without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// Application, instance and query.
    pub(super) app: String,
}

impl Address {
    /// `rtmp://host[:port]/application[/instance]`, or the same with `rtmps`.
    pub(super) fn parse(url: &str) -> Result<Self, ConnectError> {
        Self::parse_parts(url).ok_or_else(|| ConnectError::Url(url.to_owned()))
    }

    fn parse_parts(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (is_secure, default_port) = match scheme {
            "rtmp" => (false, 1935),
            "rtmps" => (true, 443),
            _ => return None,
        };
        let (authority, app) = rest.split_once('/')?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, behind) = v6.split_once(']')?;
                (host, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
        let is_complete = !host.is_empty() && !host.contains('@') && !app.is_empty();
        is_complete.then(|| Self { is_secure, host: host.to_owned(), port, app: app.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_valid_urls_and_refuses_others() {
        for (url, is_secure, host, port, app) in [
            ("rtmp://localhost/lobby", false, "localhost", 1935, "lobby"),
            ("rtmp://127.0.0.1:7/lobby/red?key=7", false, "127.0.0.1", 7, "lobby/red?key=7"),
            ("rtmp://[::1]/lobby", false, "::1", 1935, "lobby"),
            ("rtmps://[2001:db8::1]:8443/lobby", true, "2001:db8::1", 8443, "lobby"),
            ("rtmps://game.example/lobby", true, "game.example", 443, "lobby"),
        ] {
            let expected = Address { is_secure, host: host.into(), port, app: app.into() };
            assert_eq!(Address::parse_parts(url), Some(expected), "{url}");
        }
        for url in [
            "",
            "localhost/lobby",
            "http://localhost/lobby",
            "rtmp://localhost",
            "rtmp://localhost/",
            "rtmp:///lobby",
            "rtmp://localhost:/lobby",
            "rtmp://localhost:65536/lobby",
            "rtmp://[::1/lobby",
            "rtmp://[::1]7/lobby",
            "rtmp://ann@localhost/lobby",
        ] {
            assert_eq!(Address::parse_parts(url), None, "{url}");
        }
    }
}
