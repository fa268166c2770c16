//! Methods that return a part of a cyclic value.
#![cfg(feature = "http")]

mod support;

use amf_core::{Value, ValuePart};
use amf_remoting::{Gateway, Services, remoting_service};
use support::amf3;
use support::bytes::*;
use support::post::{assert_packet, post};

struct Tree;

#[remoting_service(name = "tree")]
impl Tree {
    fn child(&self, parent: Value) -> Value {
        parent.get("child").cloned().unwrap_or_default()
    }

    fn child_of_its_parent(&self, parent: Value) -> ValuePart {
        ValuePart::new(parent.get("child").cloned().unwrap_or_default(), parent)
    }
}

/// The reply in AMF3 to a method with `{child: {parent: ^}}` (AMF3 §3.12: reference 0 is the outermost object).
async fn reply_of(method: &str) -> Vec<u8> {
    let child = amf3::map(&[("parent", vec![0x0A, 0x00])]);
    let parent = [vec![0x11], amf3::map(&[("child", child)])].concat();
    let gateway = Gateway::new(Services::new().add(Tree));
    post(&gateway, packet(3, &[message(method, "/1", &arguments(&[parent]))])).await
}

#[tokio::test]
async fn a_part_without_the_rest_is_a_fault_of_its_own() {
    let text = "the result refers back to an object that encloses it and is not there any more";
    let reply = reply_of("tree.child").await;
    let contains = |text: &str| reply.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("/1/onStatus") && contains("Server.IncompleteResult") && contains(text));
}

#[tokio::test]
async fn a_part_with_the_rest_is_written_from_the_part_on() {
    // `{parent: {child: ^}}`: the child is object 0 now, and both objects have traits 0.
    let child = b"\x11\x0A\x0B\x01\x0Dparent\x0A\x01\x0Bchild\x0A\0\x01\x01";
    assert_packet(&reply_of("tree.childOfItsParent").await, &packet(3, &[result("/1", child)]));
}
