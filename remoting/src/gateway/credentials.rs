//! What the head of a request says about who calls.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::header;
use http::request::Parts;

use crate::service::{ClientAddress, Credentials, Extensions, Principal};

/// The head, the address, the credentials of HTTP Basic, and whom a layer of the app has found already.
pub(super) fn caller_extensions(head: Parts) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(credentials) = basic_credentials(&head) {
        extensions.insert(credentials);
    }
    if let Some(principal) = head.extensions.get::<Principal>() {
        extensions.insert(principal.clone());
    }
    if let Some(address) = client_address(&head) {
        extensions.insert(address);
    }
    extensions.insert(head);
    extensions
}

/// The address by which limits count the client.
fn client_address(head: &Parts) -> Option<ClientAddress> {
    head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| ClientAddress(peer.ip()))
}

/// RFC 7617. Other schemes are for the program's authenticator, which sees the head.
fn basic_credentials(head: &Parts) -> Option<Credentials> {
    let authorization = head.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| Credentials::from_base64(credentials))?
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn only_basic_is_read_here() {
        // RFC 7617 §2
        let aladdin = Some(Credentials::new("Aladdin", "open sesame"));
        for (value, expected) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", aladdin.clone()),
            ("bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ==", aladdin),
            ("Basic", None),
            ("Basic *", None),
            ("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", None),
        ] {
            let (head, ()) = Request::get("/").header("authorization", value).body(()).unwrap().into_parts();
            assert_eq!(basic_credentials(&head), expected, "{value}");
        }
    }
}
