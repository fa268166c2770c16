#![no_main]

use amf_fuzz::rtmp;

// One byte says what stands before the rest, two how the rest is cut; the rest comes from the peer.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&[start, small, large], bytes)) = input.split_first_chunk() else { return };
    let mut peer = rtmp::Peer::new(start);
    let mut pieces = rtmp::pieces(small, large);
    let mut rest = bytes;
    while !rest.is_empty() && !peer.is_closed() {
        let (piece, behind) = rest.split_at(pieces.next().unwrap_or(1).min(rest.len()));
        peer.hear(piece);
        rest = behind;
    }
    peer.end();
});
