//! Text that is not UTF-8, and bodies of unknown externalizable classes: refused by default, accepted by options.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashMap;
use std::sync::Arc;

use amf_core::dump::{Dump, Kind};
use amf_core::packet::Packet;
use amf_core::sol::SolFile;
use amf_core::{
    DecodeError, DecodeErrorKind, DecodeOptions, Decoder, ExternalPart, FromAmf, Limits, TextEncoding, Value,
    Version, to_vec,
};

const AMF0: Version = Version::Amf0;
const AMF3: Version = Version::Amf3;

fn read<'de, T: FromAmf<'de>>(
    version: Version,
    bytes: &'de [u8],
    encoding: TextEncoding,
) -> Result<T, DecodeError> {
    let options = DecodeOptions::new().with_text_encoding(encoding);
    Decoder::new(version, bytes).with_options(options).read()
}

/// ISO 8859-1: E9 is é and FC is ü. Neither byte is UTF-8 before an ASCII character.
#[test]
fn text_of_every_kind_is_read_in_the_encoding_that_was_chosen() {
    // A string, a long string, XML; a string, XML and XMLDocument of AMF3.
    let texts: [(Version, &[u8]); 6] = [
        (AMF0, b"\x02\0\x04\xE9t\xFC!"),
        (AMF0, b"\x0C\0\0\0\x04\xE9t\xFC!"),
        (AMF0, b"\x0F\0\0\0\x04\xE9t\xFC!"),
        (AMF3, b"\x06\x09\xE9t\xFC!"),
        (AMF3, b"\x0B\x09\xE9t\xFC!"),
        (AMF3, b"\x07\x09\xE9t\xFC!"),
    ];
    for (version, bytes) in texts {
        assert_eq!(read::<String>(version, bytes, TextEncoding::Latin1).unwrap(), "étü!", "{bytes:02X?}");
        let replaced = read::<String>(version, bytes, TextEncoding::Replacement).unwrap();
        assert_eq!(replaced, "\u{FFFD}t\u{FFFD}!", "{bytes:02X?}");
        let error = read::<String>(version, bytes, TextEncoding::Utf8).unwrap_err();
        assert_eq!(*error.kind(), DecodeErrorKind::Utf8);
        assert!(Decoder::new(version, bytes).read::<Value>().is_err(), "strict is the default");
    }
}

#[test]
fn utf8_and_cesu8_are_what_they_are_in_every_encoding() {
    for encoding in [TextEncoding::Utf8, TextEncoding::Latin1, TextEncoding::Replacement] {
        // C3 A9 is é; ED A0 BD ED B8 80 the surrogates of U+1F600.
        assert_eq!(read::<String>(AMF0, b"\x02\0\x02\xC3\xA9", encoding).unwrap(), "é");
        let cesu8 = b"\x02\0\x06\xED\xA0\xBD\xED\xB8\x80";
        assert_eq!(read::<String>(AMF0, cesu8, encoding).unwrap(), "\u{1F600}");
    }
}

#[test]
fn names_and_references_to_strings_are_read_so_too() {
    // {é: "é"}, where the value refers to the name: string 0 (AMF3 §1.3.2).
    let bytes = b"\x0A\x0B\x01\x03\xE9\x06\x00\x01";
    let map: HashMap<String, String> = read(AMF3, bytes, TextEncoding::Latin1).unwrap();
    assert_eq!(map["é"], "é");
    let value: Value = read(AMF3, bytes, TextEncoding::Latin1).unwrap();
    // Written as UTF-8: two bytes.
    assert_eq!(to_vec(AMF3, &value).unwrap(), b"\x0A\x0B\x01\x05\xC3\xA9\x06\x00\x01");
    let map: HashMap<String, bool> =
        read(AMF0, b"\x03\0\x01\xE9\x01\x01\0\0\x09", TextEncoding::Latin1).unwrap();
    assert!(map["é"]);
}

#[test]
fn a_packet_is_read_so_with_its_names() {
    // One header é with null; one message "a.é", "/1", length 5, a string é.
    let bytes = b"\0\0\0\x01\0\x01\xE9\0\0\0\0\x01\x05\0\x01\0\x03a.\xE9\0\x02/1\0\0\0\x04\x02\0\x01\xE9";
    let options = DecodeOptions::new().with_text_encoding(TextEncoding::Latin1);
    let packet = Packet::decode(bytes, &Arc::default(), options).unwrap();
    assert_eq!((&*packet.headers[0].name, &*packet.messages[0].target_uri), ("é", "a.é"));
    assert!(packet.broken.is_none());
    assert!(Packet::decode(bytes, &Arc::default(), Limits::default()).is_err());
}

#[test]
fn a_file_and_its_dump() {
    // The member é of the file é, in AMF0: 10 + 3 + 3 + 1 bytes before the members, 3 + 4 + 1 of the one.
    let bytes = b"\0\xBF\0\0\0\x19TCSO\0\x04\0\0\0\0\0\x01\xE9\0\0\0\0\0\x01\xE9\x02\0\x01\xE9\0";
    let options = DecodeOptions::new().with_text_encoding(TextEncoding::Latin1);
    let save = SolFile::from_slice_with(bytes, &Arc::default(), options).unwrap();
    assert_eq!((&*save.name, save.get::<String>("é").unwrap().as_deref()), ("é", Some("é")));
    let dump = Dump::new(Kind::Sol, bytes);
    assert_eq!(*dump.first_error().unwrap().kind(), DecodeErrorKind::Utf8);
    let dump = dump.with_text_encoding(TextEncoding::Latin1);
    assert_eq!(dump.first_error(), None);
    assert!(dump.to_string().contains("é:"), "{dump}");
}

#[test]
fn an_unknown_externalizable_object_at_the_end_is_kept_raw() {
    let options = DecodeOptions::new().with_raw_externalizables(true);
    let read = |bytes| Decoder::new(AMF3, bytes).with_options(options).read::<Value>();
    // 0A 07: externalizable, of the class X (AMF3 §3.12); then the body that the class wrote.
    let bytes = b"\x0A\x07\x03X\x01\x02\x03";
    let value = read(&bytes[..]).unwrap();
    let Value::External(external) = &value else { unreachable!("{value:?}") };
    assert!(matches!(&external.parts[..], [ExternalPart::Bytes(body)] if **body == [1, 2, 3]));
    assert_eq!(to_vec(AMF3, &value).unwrap(), bytes);
    // As the first of two elements: the second element cannot be found any more.
    let error = read(b"\x09\x05\x01\x0A\x07\x03X\x01\x04\x07").unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::UnexpectedEnd { .. }), "{error}");
    // A known class is read as usual.
    let collection = b"\x09\x05\x01\x0A\x07\x43flex.messaging.io.ArrayCollection\x09\x01\x01\x04\x07";
    assert_eq!(read(collection).unwrap().as_list().unwrap()[1], 7.into());
    // By default it remains an error.
    let error = Decoder::new(AMF3, bytes).read::<Value>().unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::UnknownExternalizable { .. }), "{error}");
}
