//! What the head of a request says about who calls.

use http::header;
use http::request::Parts;

use crate::Caller;
use crate::service::{Credentials, Principal};

/// Attaches the head, the credentials of HTTP Basic, and whom a layer of the app has found already.
pub(super) fn identified(mut caller: Caller, head: Parts) -> Caller {
    let extensions = caller.extensions_mut();
    if let Some(credentials) = basic(&head) {
        extensions.insert(credentials);
    }
    if let Some(principal) = head.extensions.get::<Principal>() {
        extensions.insert(principal.clone());
    }
    extensions.insert(head);
    caller
}

/// RFC 7617. Other schemes are for the program's authenticator, which sees the head.
fn basic(head: &Parts) -> Option<Credentials> {
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
            assert_eq!(basic(&head), expected, "{value}");
        }
    }
}
