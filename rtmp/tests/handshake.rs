//! Handshakes, byte by byte and against computations of this file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod pair;

use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::Version;
use amf_rtmp::proto::handshake::{ClientHandshake, DigestScheme};
use amf_rtmp::proto::{Accept, CloseReason, Config, Connection, Event, PeerErrorKind, Seed};
use hmac::{Hmac, KeyInit, Mac};
use pair::{Cut, Pair, fault, plain_handshake, request};
use sha2::Sha256;

// Both keys whole, as librtmp, nginx-rtmp and FFmpeg have them.
const PLAYER: &[u8; 62] = b"Genuine Adobe Flash Player 001\
\xF0\xEE\xC2\x4A\x80\x68\xBE\xE8\x2E\x00\xD0\xD1\x02\x9E\x7E\x57\x6E\xEC\x5D\x2D\x29\x80\x6F\xAB\x93\xB8\xE6\x36\xCF\xEB\x31\xAE";
const SERVER: &[u8; 68] = b"Genuine Adobe Flash Media Server 001\
\xF0\xEE\xC2\x4A\x80\x68\xBE\xE8\x2E\x00\xD0\xD1\x02\x9E\x7E\x57\x6E\xEC\x5D\x2D\x29\x80\x6F\xAB\x93\xB8\xE6\x36\xCF\xEB\x31\xAE";

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Where the digest is: the sum of four bytes, modulo 728, behind those four (librtmp's `GetDigestOffset2`
/// and `GetDigestOffset1`).
fn offset(scheme: DigestScheme, part: &[u8]) -> usize {
    let at = match scheme {
        DigestScheme::DigestFirst => 8,
        DigestScheme::KeyFirst => 772,
    };
    let sum: u32 = part[at..at + 4].iter().map(|byte| u32::from(*byte)).sum();
    sum as usize % 728 + at + 4
}

fn digest(scheme: DigestScheme, key: &[u8], part: &[u8]) -> [u8; 32] {
    let at = offset(scheme, part);
    hmac(key, &[&part[..at], &part[at + 32..]].concat())
}

/// C0 C1 of a Flash Player, with bytes that follow no generator of ours.
fn player_hello(scheme: DigestScheme) -> Vec<u8> {
    let mut c1: Vec<u8> = (0..1536).map(|at: u32| (at * 7 + at / 5) as u8).collect();
    c1[4..8].copy_from_slice(&[9, 0, 124, 2]);
    let digest = digest(scheme, &PLAYER[..30], &c1);
    let at = offset(scheme, &c1);
    c1[at..at + 32].copy_from_slice(&digest);
    [&[3], &c1[..]].concat()
}

fn server() -> (Connection, Instant) {
    let now = Instant::now();
    (Connection::server(Arc::new(Config::server()), &Seed::new([7; 32]), now), now)
}

fn client(handshake: ClientHandshake) -> (Connection, Instant, Vec<u8>) {
    let now = Instant::now();
    let mut config = Config::client();
    config.handshake = handshake;
    let mut client = Connection::client(Arc::new(config), request(Version::Amf0), &Seed::new([7; 32]), now);
    let hello = output(&mut client);
    assert_eq!(hello.len(), 1537);
    (client, now, hello)
}

fn output(connection: &mut Connection) -> Vec<u8> {
    std::iter::from_fn(|| connection.poll_transmit()).flatten().collect()
}

#[test]
fn a_server_answers_the_digest_in_the_clients_scheme() {
    for scheme in [DigestScheme::DigestFirst, DigestScheme::KeyFirst] {
        let hello = player_hello(scheme);
        let (mut server, now) = server();
        server.handle_input(now, &hello);
        let answer = output(&mut server);
        assert_eq!(answer.len(), 1 + 1536 + 1536, "S0 S1 S2 come before C2");
        assert_eq!(answer[0], 3);
        let (s1, s2) = answer[1..].split_at(1536);
        let at = offset(scheme, s1);
        assert_eq!(s1[at..at + 32], digest(scheme, &SERVER[..36], s1), "{scheme:?}");
        let c1_digest = digest(scheme, &PLAYER[..30], &hello[1..]);
        assert_eq!(s2[1504..], hmac(&hmac(SERVER, &c1_digest), &s2[..1504]), "{scheme:?}");
    }
}

#[test]
fn a_server_echoes_where_there_is_no_digest() {
    let hello = &plain_handshake()[..1537];
    let (mut server, now) = server();
    server.handle_input(now, hello);
    let answer = output(&mut server);
    assert_eq!(answer[0], 3);
    assert_eq!(answer[5..9], [0; 4], "plain: zeros");
    assert_eq!(answer[1537..], hello[1..]);

    // A version where the digest handshake has one, but no digest that is right.
    let mut hello = player_hello(DigestScheme::DigestFirst);
    hello[1500] ^= 1;
    let (mut server, now) = self::server();
    server.handle_input(now, &hello);
    assert_eq!(output(&mut server)[1537..], hello[1..]);
}

#[test]
fn the_answer_comes_with_the_last_byte_of_c1_and_no_sooner() {
    for hello in [player_hello(DigestScheme::KeyFirst), plain_handshake()[..1537].to_vec()] {
        let (mut server, now) = server();
        for byte in &hello[..1536] {
            server.handle_input(now, &[*byte]);
            assert_eq!(server.queued(), 0);
        }
        server.handle_input(now, &hello[1536..]);
        assert_eq!(output(&mut server).len(), 3073);
    }
}

#[test]
fn a_client_signs_and_checks() {
    for scheme in [DigestScheme::DigestFirst, DigestScheme::KeyFirst] {
        for theirs in [DigestScheme::DigestFirst, DigestScheme::KeyFirst] {
            let (mut client, now, hello) = client(ClientHandshake::RequireDigest(scheme));
            let c1 = &hello[1..];
            assert_ne!(c1[4..8], [0; 4]);
            let at = offset(scheme, c1);
            let c1_digest = digest(scheme, &PLAYER[..30], c1);
            assert_eq!(c1[at..at + 32], c1_digest);

            let mut s1: Vec<u8> = (0..1536).map(|at: u32| (at * 11 + at / 3) as u8).collect();
            let s1_digest = digest(theirs, &SERVER[..36], &s1);
            let at = offset(theirs, &s1);
            s1[at..at + 32].copy_from_slice(&s1_digest);
            client.handle_input(now, &[3]);
            client.handle_input(now, &s1);
            let c2 = output(&mut client);
            assert_eq!(c2.len(), 1536, "C2 is sent when S1 is there");
            assert_eq!(c2[1504..], hmac(&hmac(PLAYER, &s1_digest), &c2[..1504]));

            let mut s2: Vec<u8> = (0..1504).map(|at: u32| (at * 13) as u8).collect();
            s2.extend(hmac(&hmac(SERVER, &c1_digest), &s2));
            client.handle_input(now, &s2[..1535]);
            assert_eq!(client.queued(), 0);
            client.handle_input(now, &s2[1535..]);
            assert!(client.queued() > 0, "connect follows");

            let (mut client, now, _) = self::client(ClientHandshake::Digest(scheme));
            s2[7] ^= 1;
            client.handle_input(now, &[&[3], &s1[..], &s2].concat());
            assert_eq!(fault(&mut client), "server_digest");
        }
    }
}

#[test]
fn a_client_accepts_an_echoing_server_unless_a_digest_is_required() {
    for handshake in [ClientHandshake::Plain, ClientHandshake::default()] {
        let (mut client, now, hello) = client(handshake);
        let s1 = [0x51; 1536];
        client.handle_input(now, &[&[3], &s1[..], &hello[1..]].concat());
        let sent = output(&mut client);
        assert_eq!(sent[..1536], s1, "C2 echoes S1");
        assert!(sent.len() > 1536, "connect follows");
    }
    let (mut client, now, hello) = client(ClientHandshake::RequireDigest(DigestScheme::DigestFirst));
    client.handle_input(now, &[&[3], &[0x51; 1536][..], &hello[1..]].concat());
    assert_eq!(fault(&mut client), "server_digest");
}

#[test]
fn the_handshake_completes_with_input_cut_anywhere() {
    let modes = [
        ClientHandshake::Plain,
        ClientHandshake::RequireDigest(DigestScheme::DigestFirst),
        ClientHandshake::RequireDigest(DigestScheme::KeyFirst),
    ];
    for mode in modes {
        for cut in [Cut::Whole, Cut::Bytes, Cut::Random(1), Cut::Random(99)] {
            let mut config = Config::client();
            config.handshake = mode;
            let mut pair = Pair::with(cut, config, Config::server(), request(Version::Amf0));
            pair.drive();
            assert!(matches!(pair.server_event(), Event::Connect(_)));
            pair.server.accept(pair.now, &Accept::default()).unwrap();
            pair.drive();
            assert!(matches!(pair.client_event(), Event::Accepted(_)));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let answer = |seed: u8| {
        let now = Instant::now();
        let mut server = Connection::server(Arc::new(Config::server()), &Seed::new([seed; 32]), now);
        server.handle_input(now, &player_hello(DigestScheme::DigestFirst));
        output(&mut server)
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(1), answer(2));
}

#[test]
fn other_protocols_are_named_in_the_error() {
    let cases: [(&[u8], &str, &str); 6] = [
        (
            &[6],
            "encrypted",
            "expected version 3 of RTMP, got 6, which is RTMPE; use rtmps:// (at byte 1 of the connection)",
        ),
        (
            &[8],
            "encrypted",
            "expected version 3 of RTMP, got 8, which is RTMPE; use rtmps:// (at byte 1 of the connection)",
        ),
        (
            &[9],
            "encrypted",
            "expected version 3 of RTMP, got 9, which is RTMPE; use rtmps:// (at byte 1 of the connection)",
        ),
        (
            &[0x16, 3, 1],
            "version",
            "expected version 3 of RTMP, got 0x16, as TLS begins (at byte 1 of the connection)",
        ),
        (
            b"GET / HTTP/1.1",
            "version",
            "expected version 3 of RTMP, got 0x47, as HTTP begins (at byte 1 of the connection)",
        ),
        (&[0], "version", "expected version 3 of RTMP, got 0x00 (at byte 1 of the connection)"),
    ];
    for (bytes, name, text) in cases {
        let (mut server, now) = server();
        server.handle_input(now, bytes);
        let Some(Event::Closed(CloseReason::Peer(error))) = server.poll_event() else { panic!("{text}") };
        assert_eq!((error.name(), error.to_string().as_str()), (name, text));
        assert!(server.is_closed() && server.queued() == 0);
    }
}

#[test]
fn a_client_refuses_other_versions() {
    for (version, name) in
        [(6, "encrypted"), (8, "encrypted"), (9, "encrypted"), (0, "version"), (b'H', "version")]
    {
        let (mut client, now, _) = client(ClientHandshake::default());
        client.handle_input(now, &[version]);
        assert_eq!(fault(&mut client), name);
        assert_eq!(client.queued(), 0);
    }
}

#[test]
fn the_handshake_timeout_applies_to_clients() {
    let (mut client, start, hello) = client(ClientHandshake::default());
    let answer = [&[3], &[0x51; 1536][..], &hello[1..]].concat();
    for (second, byte) in (0_u64..5).zip(&answer) {
        client.handle_input(start + Duration::from_secs(second), &[*byte]);
        assert_eq!(client.poll_timeout(), Some(start + Duration::from_secs(5)));
    }
    client.handle_timeout(start + Duration::from_millis(4_999));
    assert!(!client.is_closed());
    client.handle_timeout(start + Duration::from_secs(5));
    assert_eq!(fault(&mut client), "handshake_timeout");

    // Then the server has time for its answer.
    let (mut client, start, hello) = self::client(ClientHandshake::default());
    client.handle_input(start, &[&[3], &[0x51; 1536][..], &hello[1..]].concat());
    assert_eq!(client.poll_timeout(), Some(start + Duration::from_secs(30)));
    client.handle_timeout(start + Duration::from_secs(30));
    assert_eq!(fault(&mut client), "connect_timeout");
}

#[test]
fn a_policy_request_may_arrive_in_pieces() {
    let request = b"<policy-file-request/>\0";
    for cut in 1..request.len() {
        let (mut server, now) = server();
        server.handle_input(now, &request[..cut]);
        assert!(server.poll_event().is_none());
        server.handle_input(now, &request[cut..]);
        assert!(matches!(server.poll_event(), Some(Event::PolicyRequest)));
        server.send_policy("<cross-domain-policy/>").unwrap();
        assert_eq!(output(&mut server), b"<cross-domain-policy/>\0");
        assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Policy))));
    }
    for cut in 1..request.len() {
        let (mut server, now) = server();
        let mut wrong = request.to_vec();
        wrong[cut] ^= 0x20;
        server.handle_input(now, &wrong);
        assert_eq!(fault(&mut server), "version");
    }
}

#[test]
fn the_whole_handshake_has_one_deadline() {
    // However much comes: one byte a second does not keep it open.
    let (mut server, start) = server();
    for (second, byte) in (0u64..5).zip(player_hello(DigestScheme::DigestFirst)) {
        server.handle_input(start + Duration::from_secs(second), &[byte]);
        assert_eq!(server.poll_timeout(), Some(start + Duration::from_secs(5)));
    }
    server.handle_timeout(start + Duration::from_millis(4_999));
    assert!(!server.is_closed());
    server.handle_timeout(start + Duration::from_secs(5));
    assert_eq!(
        pair::fault_kind(&mut server),
        PeerErrorKind::Timeout { limit: "handshake_timeout", after: Duration::from_secs(5) }
    );

    // A policy that was asked for and not answered changes nothing.
    let (mut server, start) = self::server();
    server.handle_input(start, b"<policy-file-request/>\0");
    server.handle_timeout(start + Duration::from_secs(5));
    assert_eq!(fault(&mut server), "handshake_timeout");

    // Then connect has its own.
    let (mut server, start) = self::server();
    let later = start + Duration::from_secs(4);
    server.handle_input(later, &plain_handshake());
    assert_eq!(server.poll_timeout(), Some(later + Duration::from_secs(5)));
    server.handle_timeout(later + Duration::from_secs(5));
    assert_eq!(fault(&mut server), "connect_timeout");
}
