//! The client's address in the headers of a request.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::extract::ConnectInfo;
use http::header::{FORWARDED, HeaderMap, HeaderName};
use http::{HeaderValue, Request};
use tower::{Layer, Service};

use super::{TrustedProxies, forwarded};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header of HTTP requests in which trusted proxies report the address of the client.
///
/// As a tower layer around an app it replaces axum's `ConnectInfo<SocketAddr>` by the address of the client, for
/// requests whose peer is a trusted proxy. So WebSocket and RTMPT connections count by the client's address, and a
/// method that borrows `Extracted<ConnectInfo<SocketAddr>>` finds it. `gateway::serve` applies it by itself; the
/// layer is for apps that other servers serve, with `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// Every proxy adds the address of its own peer at the right end, behind what the client may have forged. So the
/// rightmost address that is not itself a trusted proxy counts. Where an entry on the way there is missing or no
/// address, the proxy that should have written a valid one counts. The port is 0 unless the proxy reports it.
///
/// Choose the header that the proxies write: the other one passes through most proxies as the client sent it.
///
/// ```
/// use amf_remoting::address::{TrustedHeader, TrustedProxies};
///
/// let proxies = TrustedProxies::list(["127.0.0.1", "10.0.0.0/8"])?;
/// let app: axum::Router = axum::Router::new().layer(TrustedHeader::x_forwarded_for(proxies));
/// # Ok::<(), amf_remoting::address::NetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustedHeader {
    proxies: TrustedProxies,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    XForwardedFor,
    Forwarded,
}

impl TrustedHeader {
    /// Believes `X-Forwarded-For`, which nginx, Apache and the load balancers of clouds write.
    pub const fn x_forwarded_for(proxies: TrustedProxies) -> Self {
        Self { proxies, kind: Kind::XForwardedFor }
    }

    /// Believes `Forwarded` (RFC 7239).
    pub const fn forwarded(proxies: TrustedProxies) -> Self {
        Self { proxies, kind: Kind::Forwarded }
    }

    /// Returns the proxies that are believed.
    pub const fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Returns the address of the client whose request with these headers came from `peer`.
    pub fn client_address(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        match self.kind {
            Kind::XForwardedFor => {
                self.search(peer, lines(headers, &X_FORWARDED_FOR).flat_map(forwarded::x_forwarded_for))
            }
            Kind::Forwarded => self.search(peer, lines(headers, &FORWARDED).flat_map(forwarded::forwarded)),
        }
    }

    /// Goes from proxy to proxy, as long as each one is trusted and names its peer.
    fn search(&self, peer: SocketAddr, mut hops: impl Iterator<Item = Option<SocketAddr>>) -> SocketAddr {
        let mut client = peer;
        while self.proxies.is_trusted(client.ip())
            && let Some(Some(hop)) = hops.next()
        {
            client = hop;
        }
        client
    }

    fn replace_peer<B>(&self, request: &mut Request<B>) {
        let Some(&ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return };
        let client = self.client_address(peer, request.headers());
        if client != peer {
            request.extensions_mut().insert(ConnectInfo(client));
        }
    }
}

/// Returns the lines of a header from the last one to the first. Proxies may add a line, or add to the last one. A line
/// that is no text is one without an address.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let text = |value: &'a HeaderValue| value.to_str().unwrap_or_default();
    headers.get_all(name).into_iter().rev().map(text)
}

impl<S> Layer<S> for TrustedHeader {
    type Service = TrustedHeaderService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TrustedHeaderService { inner, header: self.clone() }
    }
}

/// Service that a [`TrustedHeader`] makes as a layer.
#[derive(Clone, Debug)]
pub struct TrustedHeaderService<S> {
    inner: S,
    header: TrustedHeader,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for TrustedHeaderService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.header.replace_peer(&mut request);
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::list(["10.0.0.0/8", "2001:db8:1::/48"]).unwrap()
    }

    fn client(header: &TrustedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let client = header.client_address(SocketAddr::new(peer.parse().unwrap(), 7), &headers);
        client.to_string()
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        let header = TrustedHeader::x_forwarded_for(proxies());
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1:0"),
            (&["192.0.2.1, 10.9.9.9"], "192.0.2.1:0"),
            // What stands to the left of the client's address is what the client sent.
            (&["127.0.0.1, 192.0.2.1"], "192.0.2.1:0"),
            (&["10.0.0.1, 192.0.2.1, 10.0.0.2, 10.0.0.3"], "192.0.2.1:0"),
            (&["garbage, 192.0.2.1"], "192.0.2.1:0"),
            (&["198.51.100.1", "192.0.2.1"], "192.0.2.1:0"),
            (&["192.0.2.1", "10.0.0.2"], "192.0.2.1:0"),
            (&["2001:db8:2::1, 2001:db8:1::1"], "[2001:db8:2::1]:0"),
            // The proxy that should have written an address counts.
            (&[], "10.0.0.1:7"),
            (&[""], "10.0.0.1:7"),
            (&["192.0.2.1, unknown"], "10.0.0.1:7"),
            (&["192.0.2.1, \u{e9}"], "10.0.0.1:7"),
            (&["192.0.2.1, garbage, 10.0.0.2"], "10.0.0.2:0"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3:0"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(client(&header, "10.0.0.1", &lines), expected, "{lines:?}");
            // The layer may stand around an app twice.
            let again = client(&header, "::ffff:10.0.0.1", &lines);
            assert_eq!(again.replace("[::ffff:10.0.0.1]", "10.0.0.1"), expected, "{lines:?}");
        }
    }

    #[test]
    fn only_the_chosen_header_of_trusted_peers_is_believed() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        let x_forwarded_for = TrustedHeader::x_forwarded_for(proxies());
        let forwarded = TrustedHeader::forwarded(proxies());
        assert_eq!(client(&x_forwarded_for, "10.0.0.1", &both), "192.0.2.1:0");
        assert_eq!(client(&forwarded, "10.0.0.1", &both), "192.0.2.2:0");
        assert_eq!(client(&forwarded, "10.0.0.1", &both[..1]), "10.0.0.1:7");
        let nobody = TrustedHeader::x_forwarded_for(TrustedProxies::default());
        for header in [&x_forwarded_for, &forwarded, &nobody] {
            assert_eq!(client(header, "198.51.100.1", &both), "198.51.100.1:7");
        }
        assert_eq!(client(&nobody, "127.0.0.1", &both), "127.0.0.1:7");
    }

    #[tokio::test]
    async fn the_layer_replaces_the_peer() {
        let layer = TrustedHeader::x_forwarded_for(proxies());
        let peer_of = |request: Request<()>| {
            std::future::ready(Ok::<_, ()>(
                request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0),
            ))
        };
        let mut service = layer.layer(layer.layer(tower::service_fn(peer_of)));
        let request = || Request::builder().header("x-forwarded-for", "192.0.2.1:9");
        let from = |peer: &str| ConnectInfo(peer.parse::<SocketAddr>().unwrap());
        let proxied = request().extension(from("10.0.0.1:7")).body(()).unwrap();
        assert_eq!(service.call(proxied).await, Ok("192.0.2.1:9".parse().ok()));
        let forged = request().extension(from("198.51.100.1:7")).body(()).unwrap();
        assert_eq!(service.call(forged).await, Ok("198.51.100.1:7".parse().ok()));
        assert_eq!(service.call(request().body(()).unwrap()).await, Ok(None));
    }
}
