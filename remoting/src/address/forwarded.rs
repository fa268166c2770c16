//! The values of `X-Forwarded-For` and of `Forwarded` (RFC 7239).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Maximum number of addresses of one `Forwarded` line that are kept, the last ones. The first address that is no
/// trusted proxy's ends the search, so no more are needed than there are proxies in a row.
const MAX_HOPS: usize = 32;

/// Returns the addresses in one line of `X-Forwarded-For`, the last one first; `None` for what is no address.
pub(super) fn x_forwarded_for(line: &str) -> impl Iterator<Item = Option<SocketAddr>> {
    line.rsplit(',').map(|entry| parse_node(entry.trim_matches([' ', '\t']), true))
}

/// Returns the addresses in one line of `Forwarded`, the last one first; `None` for an element without an address. A
/// line that is not valid has no address at all: where its elements begin is the guess that an attacker would use.
pub(super) fn forwarded(line: &str) -> impl Iterator<Item = Option<SocketAddr>> {
    let hops = parse_forwarded(line).unwrap_or_else(|| VecDeque::from([None]));
    hops.into_iter().rev()
}

fn parse_forwarded(line: &str) -> Option<VecDeque<Option<SocketAddr>>> {
    let mut hops = VecDeque::new();
    let mut rest = line;
    loop {
        let hop;
        (hop, rest) = parse_element(rest)?;
        if hops.len() == MAX_HOPS {
            hops.pop_front();
        }
        hops.push_back(hop);
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return rest.is_empty().then_some(hops),
        }
    }
}

/// Reads one element (§4: `[ pair ] *( ";" [ pair ] )`). Returns the address of its parameter `for`, and what follows.
fn parse_element(line: &str) -> Option<(Option<SocketAddr>, &str)> {
    let mut found: Option<Option<SocketAddr>> = None;
    let mut rest = trim_start(line);
    loop {
        let name_len = token_len(rest);
        if name_len > 0 {
            let (name, value) = rest.split_at(name_len);
            let value = value.strip_prefix('=')?;
            let node;
            (node, rest) = parse_value(value)?;
            // A parameter must not occur twice in an element.
            if name.eq_ignore_ascii_case("for") && found.replace(parse_node(&node, false)).is_some() {
                return None;
            }
        }
        rest = trim_start(rest);
        match rest.strip_prefix(';') {
            Some(next) => rest = trim_start(next),
            None => return Some((found.flatten(), rest)),
        }
    }
}

/// Reads a token or a quoted string (RFC 9110 §5.6.4).
fn parse_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let len = token_len(text);
        let (token, rest) = text.split_at(len);
        return (len > 0).then_some((Cow::Borrowed(token), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((Cow::Owned(value), chars.as_str())),
            '\\' => value.push(chars.next()?),
            char => value.push(char),
        }
    }
}

/// Returns the length of the token (RFC 9110 §5.6.2) at the start of a text.
fn token_len(text: &str) -> usize {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    text.bytes().take_while(is_token).count()
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Reads the address of a node: IPv4, or IPv6 in brackets, and a port, which is 0 if it is missing or obfuscated. IPv6
/// without brackets, and so without a port, is allowed in `X-Forwarded-For`. `unknown` and obfuscated names are no
/// address.
fn parse_node(node: &str, is_x_forwarded_for: bool) -> Option<SocketAddr> {
    if is_x_forwarded_for && let Ok(address) = node.parse::<Ipv6Addr>() {
        return Some(SocketAddr::new(IpAddr::V6(address).to_canonical(), 0));
    }
    let (address, port): (IpAddr, _) = if let Some(bracketed) = node.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        (IpAddr::V6(address.parse().ok()?), port)
    } else {
        let end = node.find(':').unwrap_or(node.len());
        let (address, port) = node.split_at(end);
        (IpAddr::V4(address.parse().ok()?), port)
    };
    let port = match port.strip_prefix(':') {
        None => port.is_empty().then_some(0)?,
        Some(port) if port.starts_with('_') => 0,
        Some(port) => port.parse().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?,
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(hops: impl Iterator<Item = Option<SocketAddr>>) -> Vec<String> {
        hops.map(|hop| hop.map_or_else(|| "none".to_owned(), |hop| hop.to_string())).collect()
    }

    #[test]
    fn x_forwarded_for_is_read_from_the_right() {
        for (line, expected) in [
            ("192.0.2.1", &["192.0.2.1:0"][..]),
            ("192.0.2.1, 198.51.100.2,\t203.0.113.3 ", &["203.0.113.3:0", "198.51.100.2:0", "192.0.2.1:0"]),
            (
                "2001:db8::1,[2001:db8::2],[2001:db8::3]:80",
                &["[2001:db8::3]:80", "[2001:db8::2]:0", "[2001:db8::1]:0"],
            ),
            ("192.0.2.1:8080", &["192.0.2.1:8080"]),
            ("::ffff:192.0.2.1", &["192.0.2.1:0"]),
            ("", &["none"]),
            ("192.0.2.1,", &["none", "192.0.2.1:0"]),
            ("unknown, 192.0.2.256, 192.0.2.1:, 192.0.2.1:65536, 192.0.2.1:+1", &["none"; 5]),
            (
                "[192.0.2.1], [2001:db8::1, 2001:db8::1]:1, \"192.0.2.1\", 192.0.2.1 192.0.2.2, 010.0.0.1",
                &["none"; 6],
            ),
        ] {
            assert_eq!(addresses(x_forwarded_for(line)), expected, "{line}");
        }
    }

    /// The first eight lines are the examples of RFC 7239, §4, §6.3 and §7.1.
    #[test]
    fn forwarded_is_read_as_the_rfc_shows() {
        for (line, expected) in [
            (r#"for="_gazonk""#, &["none"][..]),
            (r#"For="[2001:db8:cafe::17]:4711""#, &["[2001:db8:cafe::17]:4711"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60:0"]),
            ("for=192.0.2.43, for=198.51.100.17", &["198.51.100.17:0", "192.0.2.43:0"]),
            ("for=_hidden, for=_SEVKISEK", &["none", "none"]),
            (
                r#"for=192.0.2.43, for="[2001:db8:cafe::17]", for=unknown"#,
                &["none", "[2001:db8:cafe::17]:0", "192.0.2.43:0"],
            ),
            ("for=192.0.2.43", &["192.0.2.43:0"]),
            (r#"for="[2001:db8:cafe::17]""#, &["[2001:db8:cafe::17]:0"]),
            (r#"for="192.0.2.43:47011""#, &["192.0.2.43:47011"]),
            (r#"for="192.0.2.43:_port""#, &["192.0.2.43:0"]),
            (r#"for="192\.0.2\.43""#, &["192.0.2.43:0"]),
            ("proto=https; for=192.0.2.1 ;by=_x;;", &["192.0.2.1:0"]),
            (r#"by="a, for=192.0.2.9";for=192.0.2.1"#, &["192.0.2.1:0"]),
            ("proto=https", &["none"]),
            ("for=192.0.2.43,", &["none", "192.0.2.43:0"]),
            ("", &["none"]),
        ] {
            assert_eq!(addresses(forwarded(line)), expected, "{line}");
        }
    }

    #[test]
    fn an_invalid_line_has_no_address() {
        for line in [
            // A client that leaves a quote open takes in what the proxy adds.
            r#"for="192.0.2.9, for=192.0.2.1"#,
            r#"for="192.0.2.9\"#,
            "for=192.0.2.9;for=192.0.2.1",
            "for=2001:db8::1",
            "for=192.0.2.1:80",
            "for=192.0.2.1 by=_x",
            "for =192.0.2.1",
            "for= 192.0.2.1",
            "for",
            "=192.0.2.1",
            "192.0.2.1",
            r#"for="192.0.2.1"x"#,
        ] {
            assert_eq!(addresses(forwarded(line)), ["none"], "{line}");
        }
        assert_eq!(addresses(forwarded(r#"for="2001:db8::1", for="[192.0.2.1]""#)), ["none", "none"]);
    }

    #[test]
    fn the_last_addresses_of_a_long_line_are_kept() {
        let elements: Vec<_> = (0..=u8::MAX).map(|last| format!("for=192.0.2.{last}")).collect();
        let found: Vec<_> = forwarded(&elements.join(",")).collect();
        assert_eq!(found.len(), MAX_HOPS);
        assert_eq!(found[0].unwrap().to_string(), "192.0.2.255:0");
        assert_eq!(found[MAX_HOPS - 1].unwrap().to_string(), format!("192.0.2.{}:0", 256 - MAX_HOPS));
    }
}
