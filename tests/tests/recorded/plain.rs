//! Plain calls: the requests of Zend's and `RocketAMF`'s tests, and those of Ruffle and `Py3AMF` as they came over the wire.

use std::sync::Arc;

use amf_core::Limits;
use amf_core::packet::Packet;

use crate::services::gateway;
use crate::{folder_or_leave, post, read};

/// Targets and bodies of a packet, with nothing left over.
fn messages(packet: &[u8]) -> Vec<(String, Vec<u8>)> {
    let packet = Packet::decode(packet, &Arc::default(), Limits::default()).unwrap();
    assert!(packet.broken.is_none());
    packet.messages.iter().map(|message| (message.target_uri.to_string(), message.body.to_vec())).collect()
}

/// The one value in the arguments of a request: what follows the strict array's marker and its count.
fn argument(request: &[u8]) -> Vec<u8> {
    let body = messages(request).remove(0).1;
    assert_eq!(body[..5], [0x0A, 0, 0, 0, 1]);
    body[5..].to_vec()
}

/// The one result of a request.
async fn result(request: Vec<u8>) -> Vec<u8> {
    let mut messages = messages(&post(&gateway(), request).await);
    assert_eq!(messages.len(), 1);
    let (target, body) = messages.remove(0);
    assert!(target.ends_with("/onResult"), "{target}: {}", body.escape_ascii());
    body
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_zend_get_the_bytes_of_its_replies() {
    let folder = folder_or_leave!();
    let request = |name: &str| read(&folder, &format!("zendamf/Request/mock/{name}.bin"));
    for name in ["boolFalse", "boolTrue", "date", "int", "null", "number", "object", "string"] {
        let theirs =
            messages(&read(&folder, &format!("zendamf/Response/{name}Amf0Response.bin"))).remove(0).1;
        let ours = result(request(&format!("{name}Amf0Request"))).await;
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{name}");
    }
    let reversed = messages(&read(&folder, "zendamf/Response/stringAmf0Response.bin")).remove(0).1;
    assert_eq!(result(request("credentialsheaderAmf0")).await, reversed);

    // Of these there are no replies. What they send comes back.
    for name in [
        "bogusTypedObjectAmf0",
        "byteArrayAmf3",
        "mixedArrayAmf0",
        "typedObjectAmf0",
        "undefinedAmf0",
        "xmlAmf0",
    ] {
        let request = request(&format!("{name}Request"));
        let sent = argument(&request);
        assert_eq!(
            result(request).await.escape_ascii().to_string(),
            sent.escape_ascii().to_string(),
            "{name}"
        );
    }
    // Its second argument is the reference 0, by which it means the first one: it does not count the array of arguments.
    let request_bytes = request("referenceAmf0Request");
    let (arguments, reference) = request_bytes.split_at(request_bytes.len() - 3);
    assert_eq!(reference, [7, 0, 0]);
    let first = result(request_bytes.clone()).await;
    assert!(first.starts_with(&[3]) && arguments.ends_with(&first), "{}", first.escape_ascii());
    // 11 switch, 04 integer, 1234 = 9 << 7 | 82
    assert_eq!(result(request("objectFirstParamRequest")).await, [0x11, 0x04, 0x89, 0x52]);
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_rubyamf_and_rocketamf() {
    let folder = folder_or_leave!();
    let with_credentials = read(&folder, "rubyamf/requestWithOldCredentials.bin");
    // 02 string, its length
    assert_eq!(result(with_credentials).await, b"\x02\0\x19username: asdfasdfasdfasd");
    let words = (String::from("/1/onResult"), b"\x02\0\x14first_arg second_arg".to_vec());
    let simple = post(&gateway(), read(&folder, "rocketamf/request/simple-request.bin")).await;
    assert_eq!(messages(&simple), std::slice::from_ref(&words));
    // test and test2; the latter is nobody's
    let two = post(&gateway(), read(&folder, "rocketamf/request/multiple-simple-request.bin")).await;
    let two = messages(&two);
    assert_eq!((two.len(), &two[0], &*two[1].0), (2, &words, "/2/onStatus"));
    let fault = two[1].1.escape_ascii().to_string();
    assert!(fault.contains("Service.MethodNotFound"), "{fault}");
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_of_ruffle_and_py3amf() {
    let folder = folder_or_leave!();
    let request = |name: &str| read(&folder, &format!("captures/{name}.bin"));
    // 00 number: 5 = 4014…
    let five = [&[0, 0x40, 0x14][..], &[0; 6]].concat();
    // 10 typed object: the alias, `age` a number, `name` a string
    let person = |name: &str, age: f64| {
        let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
        let age = [&text("age")[..], &[0], &age.to_be_bytes()].concat();
        let name = [&text("name")[..], &[2], &text(name)].concat();
        [&[0x10][..], &text("lab.Person"), &age, &name, &[0, 0, 9]].concat()
    };
    for (name, expected) in [
        // with the headers LabHeader and Credentials, of true and of wrong lengths
        ("ruffle-amf0-add", five.clone()),
        ("py3amf-amf0-add_header_len0", five),
        // Ruffle writes a ByteArray as "unsupported" (0D), and reads that as undefined
        ("ruffle-amf0-bytearray_unsupported", vec![0x0D]),
        ("ruffle-amf0-returns_typed", person("Bob", 9.0)),
        ("ruffle-amf0-typed_alias_lost", b"\x02\0\x09Ann is 41".to_vec()),
        ("ruffle-amf0-typed_arg2", person("Ann", 42.0)),
        // 06 string of 20 bytes
        ("ruffle-amf3raw-traitref", b"\x11\x06\x29Ann is 41, Ann is 41".to_vec()),
        // 0A object, 23 = two sealed members, alias of 10 bytes (15)
        ("ruffle-amf3raw-typed", b"\x11\x0A\x23\x15lab.Person\x07age\x09name\x04\x2A\x06\x07Ann".to_vec()),
        ("py3amf-amf3-older_typed", b"\x11\x0A\x23\x15lab.Person\x07age\x09name\x04\x2A\x06\x07Ann".to_vec()),
    ] {
        let ours = result(request(name)).await;
        assert_eq!(ours.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{name}");
    }
    let echo = request("ruffle-amf0-echo_all_amf0");
    let sent = argument(&echo);
    assert_eq!(result(echo).await.escape_ascii().to_string(), sent.escape_ascii().to_string());
    // 11 = 4026…, 22 = 4036…
    let number = |high: u8| [&[0, 0x40, high][..], &[0; 6]].concat();
    let two = messages(&post(&gateway(), request("ruffle-amf0-batch2bodies")).await);
    assert_eq!(two, [("/1/onResult".to_owned(), number(0x26)), ("/2/onResult".to_owned(), number(0x36))]);
}
