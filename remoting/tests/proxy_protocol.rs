//! The PROXY protocol: headers of both versions, and everything that is none.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use amf_remoting::address::{ProxyProtocolError, TrustedProxies};
use proptest::collection::vec;
use proptest::prelude::*;
use proxy_header::{ParseConfig, ProxiedAddress, ProxyHeader};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

const PROXY: &str = "10.0.0.1:7";
const LONG: Duration = Duration::from_secs(10);
/// Bytes of the client behind the header.
const CLIENT: &[u8] = b"\x03the client's";

/// Gives one byte at a time.
struct Dribble<'a>(&'a [u8]);

impl AsyncRead for Dribble<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if let Some((first, rest)) = self.0.split_first().filter(|_| buffer.remaining() > 0) {
            buffer.put_slice(&[*first]);
            self.0 = rest;
        }
        Poll::Ready(Ok(()))
    }
}

fn proxies() -> TrustedProxies {
    TrustedProxies::list(["10.0.0.0/8"]).unwrap()
}

/// Reads a header, in one piece and byte by byte. Returns the client's address, and what is left.
fn read(header: &[u8]) -> Result<(SocketAddr, Vec<u8>), ProxyProtocolError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (mut whole, mut dribble) = (header, Dribble(header));
        let peer = PROXY.parse().unwrap();
        let at_once = proxies().read_proxy_header(&mut whole, peer, LONG).await;
        let in_bytes = proxies().read_proxy_header(&mut dribble, peer, LONG).await;
        assert_eq!(format!("{at_once:?}"), format!("{in_bytes:?}"));
        assert_eq!(at_once.is_ok().then_some(whole), at_once.is_ok().then_some(dribble.0));
        at_once.map(|client| (client, whole.to_vec()))
    })
}

/// Reads a header that is valid, with bytes of the client behind it.
fn client(header: &[u8]) -> String {
    let (client, rest) = read(&[header, CLIENT].concat()).unwrap();
    assert_eq!(rest, CLIENT);
    client.to_string()
}

fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let len = u16::try_from(block.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &len, block].concat()
}

/// 192.0.2.1, 192.0.2.2 and the ports 50,000 and 1935, as §2.2 lays them out.
const V4_BLOCK: &[u8] = &[192, 0, 2, 1, 192, 0, 2, 2, 0xC3, 0x50, 0x07, 0x8F];
/// `2001:db8::1`, `2001:db8::2` and the same ports.
const V6_BLOCK: &[u8] = &[
    0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 2, 0xC3, 0x50, 0x07, 0x8F,
];

#[test]
fn version_1_names_the_client() {
    // The second and the third line are examples of the specification, §2.1.
    for (header, expected) in [
        ("PROXY TCP4 192.0.2.1 192.0.2.2 50000 1935\r\n", "192.0.2.1:50000"),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
        ),
        ("PROXY TCP6 2001:db8::1 ::1 0 1\r\n", "[2001:db8::1]:0"),
        ("PROXY UNKNOWN\r\n", PROXY),
        // The longest line of §2.1: 107 bytes with its end.
        (
            "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            PROXY,
        ),
        ("PROXY UNKNOWN whatever it says\r\n", PROXY),
    ] {
        assert_eq!(client(header.as_bytes()), expected, "{header}");
    }
}

#[test]
fn version_2_names_the_client() {
    let large = vec![0xEE; usize::from(u16::MAX) - 12];
    for (header, expected) in [
        (v2(0x21, 0x11, V4_BLOCK), "192.0.2.1:50000"),
        (v2(0x21, 0x21, V6_BLOCK), "[2001:db8::1]:50000"),
        // Fields behind the addresses are passed over, as many as the length has room for.
        (v2(0x21, 0x11, &[V4_BLOCK, b"\x05\0\x03id1\x20\0\0"].concat()), "192.0.2.1:50000"),
        (v2(0x21, 0x11, &[V4_BLOCK, &large].concat()), "192.0.2.1:50000"),
        (v2(0x21, 0x21, &[V6_BLOCK, b"\x04\0\0"].concat()), "[2001:db8::1]:50000"),
        // LOCAL: the proxy connects for itself, and what follows is ignored.
        (v2(0x20, 0x00, b""), PROXY),
        (v2(0x20, 0x11, V4_BLOCK), PROXY),
        (v2(0x20, 0xFF, b"xyz"), PROXY),
        // No family, datagrams, and Unix sockets.
        (v2(0x21, 0x00, b""), PROXY),
        (v2(0x21, 0x00, b"\x04\0\0"), PROXY),
        (v2(0x21, 0x12, V4_BLOCK), PROXY),
        (v2(0x21, 0x22, V6_BLOCK), PROXY),
        (v2(0x21, 0x31, &[b'/'; 216]), PROXY),
    ] {
        assert_eq!(client(&header), expected, "{:?}", &header[..header.len().min(60)]);
    }
}

#[test]
fn every_cut_of_a_header_is_incomplete() {
    let v1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 1935\r\n".to_vec();
    for header in
        [v1, v2(0x21, 0x11, V4_BLOCK), v2(0x21, 0x21, &[V6_BLOCK, b"\x04\0\0"].concat()), v2(0x20, 0, b"x")]
    {
        for len in 0..header.len() {
            let error = read(&header[..len]).unwrap_err();
            assert!(matches!(error, ProxyProtocolError::Io(_)), "{error:?}");
        }
    }
}

#[test]
fn what_is_no_header_is_refused() {
    let signatures: [&[u8]; 6] = [
        &[3; 1537],
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\r!\x11\0\x0C",
        b"\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03\0\0",
    ];
    for bytes in signatures {
        let error = read(bytes).unwrap_err();
        assert!(matches!(error, ProxyProtocolError::Signature), "{error:?}");
    }
    let mut malformed = vec![
        v2(0x11, 0x11, V4_BLOCK),
        v2(0x22, 0x11, V4_BLOCK),
        v2(0x21, 0x10, V4_BLOCK),
        v2(0x21, 0x41, V4_BLOCK),
        v2(0x21, 0x11, &V4_BLOCK[..11]),
        v2(0x21, 0x21, V4_BLOCK),
    ];
    for line in [
        "TCP5 192.0.2.1 192.0.2.2 1 2",
        "TCP4 192.0.2.1 192.0.2.2 1",
        "TCP4 192.0.2.1 192.0.2.2 1 2 3",
        "TCP4  192.0.2.1 192.0.2.2 1 2",
        "TCP4 192.0.2.1 192.0.2.2 1 2 ",
        "TCP4 192.0.2.256 192.0.2.2 1 2",
        "TCP4 192.0.2.01 192.0.2.2 1 2",
        "TCP4 2001:db8::1 2001:db8::2 1 2",
        "TCP6 192.0.2.1 192.0.2.2 1 2",
        "TCP4 192.0.2.1 192.0.2.2 65536 2",
        "TCP4 192.0.2.1 192.0.2.2 +1 2",
        "TCP4 192.0.2.1 192.0.2.2 01 2",
        "TCP4 192.0.2.1 192.0.2.2 -1 2",
        "TCP4 192.0.2.1 192.0.2.2 1 \u{661}",
        "TCP4 192.0.2.1 192.0.2.2 1 2\n",
        "UNKNOWNS",
        "UNKNOWN \n \r x",
        "",
    ] {
        malformed.push(format!("PROXY {line}\r\n").into_bytes());
    }
    // One byte too many for the line.
    malformed.push(format!("PROXY UNKNOWN {}\r\n", "x".repeat(92)).into_bytes());
    malformed.push(b"PROXY TCP4 ".repeat(100));
    for bytes in malformed {
        // What a wrong header leaves open may end the connection, but no client is named.
        let error = read(&[&bytes[..], CLIENT].concat()).unwrap_err();
        assert!(
            matches!(error, ProxyProtocolError::Malformed(_)),
            "{error:?} {:?}",
            bytes.escape_ascii().to_string()
        );
    }
    assert_eq!(format!("PROXY UNKNOWN {}\r\n", "x".repeat(91)).len(), 107);
    client(format!("PROXY UNKNOWN {}\r\n", "x".repeat(91)).as_bytes());
}

/// A forged header from elsewhere stays what it is: the client's first bytes.
#[tokio::test]
async fn peers_that_are_not_trusted_are_not_believed() {
    for header in [&b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 1935\r\n"[..], &v2(0x21, 0x11, V4_BLOCK), b""] {
        for peer in ["11.0.0.1:7", "[2001:db8::1]:7", "[::10.0.0.1]:7"] {
            let (mut stream, peer) = (header, peer.parse().unwrap());
            assert_eq!(proxies().read_proxy_header(&mut stream, peer, LONG).await.unwrap(), peer);
            assert_eq!(stream, header);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_has_a_deadline_in_all() {
    let (mut proxy, mut server) = tokio::io::duplex(64);
    let dribbling = tokio::spawn(async move {
        for byte in b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 1935\r\n" {
            proxy.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let start = tokio::time::Instant::now();
    let error = proxies().read_proxy_header(&mut server, PROXY.parse().unwrap(), LONG).await.unwrap_err();
    assert!(matches!(error, ProxyProtocolError::Timeout), "{error:?}");
    assert_eq!(start.elapsed(), LONG);
    dribbling.abort();
}

fn address() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let v4 = any::<([u8; 4], u16, [u8; 4], u16)>().prop_map(|(client, port, server, server_port)| {
        ((client, port).into(), (server, server_port).into())
    });
    let v6 = any::<([u8; 16], u16, [u8; 16], u16)>().prop_map(|(client, port, server, server_port)| {
        ((client, port).into(), (server, server_port).into())
    });
    prop_oneof![v4, v6]
}

proptest! {
    /// The crate `proxy-header` wrote the bytes.
    #[test]
    fn headers_of_another_implementation_are_read(
        (source, destination) in address(), tlv in vec(any::<u8>(), 0..300), is_v1: bool,
    ) {
        let mut header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
        let mut bytes = vec![0; 1_000];
        let len = if is_v1 {
            header.encode_to_slice_v1(&mut bytes).unwrap()
        } else {
            header.append_tlv(proxy_header::Tlv::UniqueId(tlv.into()));
            header.encode_to_slice_v2(&mut bytes).unwrap()
        };
        prop_assert_eq!(client(&bytes[..len]), source.to_string());
    }

    /// Whatever comes, nothing panics, and what is read as a header is one for the other implementation too.
    #[test]
    fn damaged_headers_are_refused_or_valid(
        (source, destination) in address(), is_v1: bool,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut in any::<prop::sample::Index>(),
    ) {
        let header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
        let mut bytes = vec![0; 1_000];
        let len = if is_v1 { header.encode_to_slice_v1(&mut bytes) } else { header.encode_to_slice_v2(&mut bytes) };
        bytes.truncate(len.unwrap());
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok((found, rest)) = read(&bytes) {
            let (parsed, len) = ProxyHeader::parse(&bytes, ParseConfig::default()).unwrap();
            prop_assert_eq!(rest, &bytes[len..]);
            if found != PROXY.parse().unwrap() {
                prop_assert_eq!(Some(found), parsed.proxied_address().map(|address| address.source));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(is_signed: bool, bytes in vec(any::<u8>(), 0..200)) {
        let bytes = if is_signed { [b"\r\n\r\n\0\r\nQUIT\n", &bytes[..]].concat() } else { bytes };
        if let Ok((client, _)) = read(&bytes) {
            prop_assert!(is_signed);
            prop_assert!(matches!(client.ip(), IpAddr::V4(_) | IpAddr::V6(_)));
        }
    }
}
