//! Section 2: little in, much to do.
//!
//! An unoptimized build takes some 10 µs for each object, and the machine may be busy. So there are no more objects than
//! show the difference between work in proportion to the input and any other.

use super::{Attack, attack, command_switched, crowd, packet_amf3};
use crate::target::{Encoding, Target};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("2f objects of two bytes, alias of 1 MB, twice", huge_alias),
        attack!("2g sixteen long comparisons a mention, twice", comparisons),
        attack!("2h traits of 1,024 members", wide_traits),
        attack!("2h 60,000 members of one name", duplicate_names),
        attack!("2h 60 arrays, each twice in the one before", deep_sharing),
    ]
}

async fn huge_alias(target: Target) {
    const OBJECTS: usize = 20_000;
    let items = [wire::object(&vec![b'a'; 1_000_000], &[]), b"\x0A\x01".repeat(OBJECTS - 1)].concat();
    let packet = packet_amf3("siege.echo", &wire::array(OBJECTS, &items));
    tokio::join!(target.post(&packet), target.post(&packet));
}

async fn comparisons(target: Target) {
    let packet = packet_amf3("siege.echo", &crowd(0, 58_000, 16, 60_000));
    tokio::join!(target.post(&packet), target.post(&packet));
}

async fn wide_traits(target: Target) {
    let names: Vec<_> = (0..1_024).map(|index| format!("m{index}").into_bytes()).collect();
    let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
    let nulls = vec![1; names.len()];
    let items = [&wire::object(b"", &names)[..], &nulls, &[b"\x0A\x01", &nulls[..]].concat().repeat(200)];
    let value = wire::array(201, &items.concat());
    let call = command_switched("siege.echo", &value);
    let packet = packet_amf3("siege.echo", &value);
    tokio::join!(target.post(&packet), target.call_rtmp(Encoding::Amf0, &call));
}

async fn duplicate_names(target: Target) {
    // A dynamic object whose members are all of the name 0, `a`; and a traits record with a name 1,024 times.
    let dynamic = [&b"\x0A\x0B\x01\x03a\x01"[..], &b"\0\x01".repeat(60_000), b"\x01"].concat();
    let traits = [&wire::object(b"", &[&b"a"[..]; 1_024])[..], &[1; 1_024]].concat();
    let packets = [packet_amf3("siege.echo", &dynamic), packet_amf3("siege.echo", &traits)];
    tokio::join!(target.post(&packets[0]), target.post(&packets[0]), target.post(&packets[1]));
}

async fn deep_sharing(target: Target) {
    const DEPTH: usize = 60;
    let mut value = wire::string(b"leaf");
    for depth in (0..DEPTH).rev() {
        // The array at this depth has the place `depth`; it holds the next one, and a reference to that.
        let again = if depth + 1 < DEPTH {
            [vec![0x09], wire::u29((depth + 1) << 1)].concat()
        } else {
            wire::string_reference(0)
        };
        value = wire::array(2, &[value, again].concat());
    }
    for name in ["siege.echo", "siege.echoText", "siege.nothing", "no.where"] {
        target.post(&packet_amf3(name, &value)).await;
        target.call_rtmp(Encoding::Amf0, &command_switched(name, &value)).await;
        target.call_rtmp(Encoding::Amf3, &wire::command_amf3(name, 2.0, &value)).await;
    }
}
