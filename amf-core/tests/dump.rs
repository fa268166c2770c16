//! Rows of dumps, and termination of dumps for arbitrary bytes.
//!
//! The bytes are derived by hand from the specifications. The vectors contain bytes that foreign programs sent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use amf_core::dump::{Dump, Kind};
use amf_core::{DecodeErrorKind, Decoder, Value, Version};

#[track_caller]
fn assert_dump(kind: Kind, bytes: &[u8], rows: &str) {
    let dump = Dump::new(kind, bytes);
    let shown = dump.to_string();
    assert_eq!(shown, rows.trim_start_matches('\n'), "\n{shown}");
    assert_eq!(dump.first_error().is_some(), shown.contains("** at byte"));
    // A writer that fails is an error of its own, not one of the bytes.
    assert!(std::fmt::write(&mut FailingWriter, format_args!("{dump}")).is_err());
}

struct FailingWriter;

impl std::fmt::Write for FailingWriter {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

fn one_value_of_every_amf0_type() -> Vec<u8> {
    [
        &b"\x00\x3F\xF8\0\0\0\0\0\0"[..],
        b"\x01\x01\x05\x06\x0D",
        b"\x02\0\x05Hello\x0C\0\0\0\x02hi",
        b"\x0B\x42\x70\x2B\x36\x21\x15\x80\0\x00\xF0",
        b"\x0F\0\0\0\x04<a/>",
        b"\x0A\0\0\0\x02\x07\0\0\x07\0\x01",
        b"\x08\0\0\0\x01\0\x010\x05\0\0\x09",
        b"\x10\0\x03a.B\0\x03odd\x03\0\x03x y\x01\0\0\0\x09\0\0\x09",
        b"\x07\0\x03",
        b"\x11\x04\x07",
    ]
    .concat()
}

#[test]
fn every_amf0_type_is_dumped() {
    let bytes = one_value_of_every_amf0_type();
    assert_dump(
        Kind::Amf0,
        &bytes,
        r#"
0000  00 3f f8 00 00 00 00 00 … Number 1.5
0009  01 01                     Boolean true
000b  05                        null
000c  06                        undefined
000d  0d                        unsupported
000e  02 00 05 48 65 6c 6c 6f   String "Hello"
0016  0c 00 00 00 02 68 69      long String "hi"
001d  0b 42 70 2b 36 21 15 80 … Date 2005-03-18T01:58:31Z, zone 240, which is to be ignored
0028  0f 00 00 00 04 3c 61 2f … XMLDocument "<a/>"  = AMF0 object 0
0031  0a 00 00 00 02            Array of 2  = AMF0 object 1
0036  07 00 00                    [0] -> AMF0 object 0, XMLDocument at 0028, or -> Date at 001d
0039  07 00 01                    [1] -> AMF0 object 1, Array at 0031, or -> AMF0 object 0, XMLDocument at 0028
003c  08 00 00 00 01            ECMA array of length 1  = AMF0 object 2
0041  00 01 30                    0:
0044  05                            null
0045  00 00 09                    end of AMF0 object 2
0048  10 00 03 61 2e 42         Object "a.B"  = AMF0 object 3
004e  00 03 6f 64 64              odd:
0053  03                            Object  = AMF0 object 4
0054  00 03 78 20 79                  "x y":
0059  01 00                             Boolean false
005b  00 00 09                        end of AMF0 object 4
005e  00 00 09                    end of AMF0 object 3
0061  07 00 03                  -> AMF0 object 3, Object, "a.B" at 0048, or -> AMF0 object 2, ECMA array at 003c
0064  11 04 07                  AMF3 Integer 7
"#,
    );
}

fn one_value_of_every_amf3_type() -> Vec<u8> {
    [
        &b"\x00\x01\x02\x03\x04\xFF\xFF\xFF\xFF"[..],
        b"\x05\x3F\xF8\0\0\0\0\0\0",
        b"\x06\x01\x06\x05hi\x06\x00",
        b"\x07\x09<a/>\x0B\x09<b/>",
        b"\x08\x01\x42\x70\x2B\x36\x21\x15\x80\0\x08\x04",
        b"\x09\x03\x05ho\x02\x01\x04\x01",
        b"\x0A\x23\x07a.B\x03x\x03y\x03\x0A\x01\x01\x01",
        b"\x0A\x0B\x01\x02\x04\x05\x01",
        b"\x0A\x08",
        b"\x0C\x07\x00A\xFF",
        b"\x0D\x05\x01\xFF\xFF\xFF\xFF\0\0\0\x02",
        b"\x0E\x03\x00\xFF\xFF\xFF\xFF",
        b"\x0F\x03\x00\x3F\xF8\0\0\0\0\0\0",
        b"\x10\x03\x00\x04\x01",
        b"\x11\x03\x01\x06\x00\x04\x02",
    ]
    .concat()
}

#[test]
fn every_amf3_type_is_dumped() {
    let bytes = one_value_of_every_amf3_type();
    assert_dump(
        Kind::Amf3,
        &bytes,
        r#"
0000  00                        undefined
0001  01                        null
0002  02                        false
0003  03                        true
0004  04 ff ff ff ff            Integer -1
0009  05 3f f8 00 00 00 00 00 … Number 1.5
0012  06 01                     String ""
0014  06 05 68 69               String "hi"  = string 0
0018  06 00                     String "hi"  -> string 0
001a  07 09 3c 61 2f 3e         XMLDocument "<a/>"  = object 0
0020  0b 09 3c 62 2f 3e         XML "<b/>"  = object 1
0026  08 01 42 70 2b 36 21 15 … Date 2005-03-18T01:58:31Z  = object 2
0030  08 04                     Date -> object 2 at 0026
0032  09 03                     Array of 1  = object 3
0034  05 68 6f                    ho:  = string 1
0037  02                            false
0038  01                          end of names
0039  04 01                       [0] Integer 1
003b  0a 23 07 61 2e 42         Object "a.B", 2 sealed  = object 4, = traits 0, = string 2
0041  03 78                       sealed x  = string 3
0043  03 79                       sealed y  = string 4
0045  03                          x: true
0046  0a 01                       y: Object "a.B"  = object 5, -> traits 0
0048  01                            x: null
0049  01                            y: null
004a  0a 0b 01                  Object, dynamic  = object 6, = traits 1
004d  02                          ho:  -> string 1
004e  04 05                         Integer 5
0050  01                          end of names
0051  0a 08                     Object -> object 4, "a.B" at 003b
0053  0c 07                     ByteArray of 3  = object 7
0055  00 41 ff                    .A.
0058  0d 05 01                  Vector.<int> of 2, fixed  = object 8
005b  ff ff ff ff 00 00 00 02     [0] -1, 2
0063  0e 03 00                  Vector.<uint> of 1  = object 9
0066  ff ff ff ff                 [0] 4294967295
006a  0f 03 00                  Vector.<Number> of 1  = object 10
006d  3f f8 00 00 00 00 00 00     [0] 1.5
0075  10 03 00 04               Vector.<Object> of 1, class "a.B"  = object 11, -> string 2
0079  01                          [0] null
007a  11 03 01                  Dictionary of 1, weak keys  = object 12
007d  06 00                       [0] key: String "hi"  -> string 0
007f  04 02                       [0] value: Integer 2
"#,
    );
}

#[test]
fn packets_are_dumped_with_headers_and_messages() {
    let bytes = [
        &b"\0\x03\0\x01"[..],
        b"\0\x01h\x01\0\0\0\x01\x05",
        b"\0\x02",
        b"\0\x03a.b\0\x02/1\xFF\xFF\xFF\xFF\x0A\0\0\0\x02\x11\x06\x03x\x11\x06\x00",
        // The tables begin anew: there is no string 0 here.
        b"\0\x03a.c\0\x02/2\0\0\0\x08\x0A\0\0\0\x01\x11\x06\x00",
    ]
    .concat();
    assert_dump(
        Kind::Packet,
        &bytes,
        r#"
0000  00 03                     version 3
0002  00 01                     headers: 1
                                  header 0
0004  00 01 68                      name "h"
0007  01                            must understand: true
0008  00 00 00 01                   length 1
000c  05                            value: null
000d  00 02                     messages: 2
                                  message 0
000f  00 03 61 2e 62                target "a.b"
0014  00 02 2f 31                   response "/1"
0018  ff ff ff ff                   length -1
001c  0a 00 00 00 02                body: Array of 2  = AMF0 object 0
0021  11 06 03 78                     [0] AMF3 String "x"  = string 0
0025  11 06 00                        [1] AMF3 String "x"  -> string 0
                                    (the value has 12 bytes, whatever its length says)
                                  message 1
0028  00 03 61 2e 63                target "a.c"
002d  00 02 2f 32                   response "/2"
0031  00 00 00 08                   length 8
0035  0a 00 00 00 01                body: Array of 1  = AMF0 object 0
003a  11 06                           [0] AMF3 String (breaks off)
      ** at byte 60: string reference 0 is out of range; 0 were sent before
003c  00                        1 byte follows
"#,
    );
    assert_dump(
        Kind::Packet,
        b"\0\0\0\0\0\0\x05",
        "
0000  00 00                     version 0
0002  00 00                     headers: 0
0004  00 00                     messages: 0
      ** at byte 6: 1 bytes follow the value
0006  05                        1 byte follows
",
    );
}

/// AMF0 reference numbers count the array of arguments and dates, or do not (AMF0 §2.9 leaves both open).
#[test]
fn references_are_shown_as_every_sender_means_them() {
    // A list of a date and {}, then reference 2. If dates count, the list is 0, the date 1 and the object 2.
    // Otherwise there is no object 2.
    let date = b"\x0B\x42\x70\x2B\x36\x21\x15\x80\0\0\0";
    let list = [&b"\x0A\0\0\0\x03"[..], date, b"\x03\0\0\x09\x07\0\x02"].concat();
    assert_dump(
        Kind::Amf0,
        &list,
        r"
0000  0a 00 00 00 03            Array of 3  = AMF0 object 0
0005  0b 42 70 2b 36 21 15 80 …   [0] Date 2005-03-18T01:58:31Z
0010  03                          [1] Object  = AMF0 object 1
0011  00 00 09                      end of AMF0 object 1
0014  07 00 02                    [2] -> AMF0 object 1, Object at 0010
",
    );
    // A call with {} and reference 0, which is the array of arguments if that counts, and the object
    // otherwise. In a result it is the array.
    let rows_of_reference = |target: &[u8], response: &[u8]| {
        let text = |text: &[u8]| [&[0, text.len() as u8], text].concat();
        let body = b"\0\0\0\x0C\x0A\0\0\0\x02\x03\0\0\x09\x07\0\0";
        let packet = [&b"\0\0\0\0\0\x01"[..], &text(target), &text(response), body].concat();
        let dump = Dump::new(Kind::Packet, &packet);
        assert_eq!(dump.first_error(), None);
        dump.to_string().lines().last().unwrap().split_once("[1] ").unwrap().1.to_owned()
    };
    assert_eq!(
        rows_of_reference(b"a.b", b"/1"),
        "-> AMF0 object 0, Array at 0013, or -> AMF0 object 1, Object at 0018"
    );
    assert_eq!(rows_of_reference(b"/1/onResult", b""), "-> AMF0 object 0, Array at 0019");
    // The file of `{a: date, b: reference 1}`: its data is 0, and the date is 1 if dates count.
    let members = [&b"\0\x01a"[..], date, b"\0\0\x01b\x07\0\x01\0"].concat();
    let file = [&b"\0\xBF\0\0\0\x27TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0"[..], &members].concat();
    let dump = Dump::new(Kind::Sol, &file);
    assert_eq!(dump.first_error(), None);
    assert!(dump.to_string().contains(" -> Date at 001a\n"), "{dump}");
    // A reference that names nothing under any numbering is an error.
    let nothing = [&list[..list.len() - 1], b"\x03"].concat();
    assert!(matches!(
        Dump::new(Kind::Amf0, &nothing).first_error().unwrap().kind(),
        DecodeErrorKind::Reference { table: "object", index: 3, len: 2 }
    ));
}

#[test]
fn local_shared_object_files_are_dumped() {
    let amf0 = b"\0\xBF\0\0\0\x20TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0\0\x01a\x03\0\0\x09\0\0\x01b\x07\0\x01\0";
    assert_dump(
        Kind::Sol,
        amf0,
        r#"
0000  00 bf                     tag of a shared object
0002  00 00 00 20               length 32
0006  54 43 53 4f 00 04 00 00 … signature
0010  00 01 73                  name "s"
0013  00 00 00                  padding
0016  00                        version AMF0, data  = AMF0 object 0
0017  00 01 61                  a:
001a  03                          Object  = AMF0 object 1
001b  00 00 09                      end of AMF0 object 1
001e  00                        end of member
001f  00 01 62                  b:
0022  07 00 01                    -> AMF0 object 1, Object at 001a
0025  00                        end of member
"#,
    );
    // With a declared length beyond the end, an odd byte in the signature, and names in AMF3.
    let amf3 = b"\0\xBF\0\0\0\xFFTCSO\0\x05\0\0\0\0\0\x01s\0\0\0\x03\x03a\x06\x00\0\x01\x01\x07";
    assert_dump(
        Kind::Sol,
        amf3,
        r#"
0000  00 bf                     tag of a shared object
0002  00 00 00 ff               length 255
      ** at byte 6: the declared length goes 230 bytes beyond the end
0006  54 43 53 4f 00 05 00 00 … signature
      ** at byte 6: the signature should be 54 43 53 4f 00 04 00 00 00 00
0010  00 01 73                  name "s"
0013  00 00 00                  padding
0016  03                        version AMF3
0017  03 61                     a:  = string 0
0019  06 00                       String "a"  -> string 0
001b  00                        end of member
001c  01                        "":
001d  01                          null
      ** at byte 30: a member of a shared object ends with 00
001e  07                        1 byte follows
"#,
    );
    let rest = b"\0\xBF\0\0\0\x11TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\x03\0\xFF\0\0\0\x04\0\x02/x";
    assert_dump(
        Kind::Sol,
        rest,
        r#"
0000  00 bf                     tag of a shared object
0002  00 00 00 11               length 17
0006  54 43 53 4f 00 04 00 00 … signature
0010  00 01 73                  name "s"
0013  00 00 00                  padding
0016  03                        version AMF3
0017  00 ff 00 00 00 04 00 02 … 10 bytes behind the declared length: ......../x
"#,
    );
}

#[test]
fn bodies_of_flex_externalizable_objects_are_dumped() {
    let list = b"\x0A\x07\x43flex.messaging.io.ArrayCollection\x09\x03\x01\x01";
    assert_dump(
        Kind::Amf3,
        list,
        r#"
0000  0a 07 43 66 6c 65 78 2e … Object "flex.messaging.io.ArrayCollection", externalizable  = object 0, = traits 0, = string 0
0024  09 03                       Array of 1  = object 1
0026  01                            end of names
0027  01                            [0] null
"#,
    );
    let managed = b"\x0A\x07\x49flex.messaging.io.ManagedObjectProxy\0\0\0\x01\x06\x03a\x04\x01";
    assert_dump(
        Kind::Amf3,
        managed,
        r#"
0000  0a 07 49 66 6c 65 78 2e … Object "flex.messaging.io.ManagedObjectProxy", externalizable  = object 0, = traits 0, = string 0
0027  00 00 00 01                 1 names and values
002b  06 03 61                    [0] key: String "a"  = string 1
002e  04 01                       [0] value: Integer 1
"#,
    );
    // Flags 1 and 2 (body, clientId) with more flags, none of which are set; then those of the two derived
    // classes.
    assert_dump(
        Kind::Amf3,
        b"\x0A\x07\x07DSC\x83\x00\x01\x04\x01\x00\x01\x04\x05",
        r#"
0000  0a 07 07 44 53 43         Object "DSC", externalizable  = object 0, = traits 0, = string 0
0006  83                          flags: body, clientId, and more flags
0007  00                          flags: none
0008  01                          body: null
0009  04 01                       clientId: Integer 1
000b  00                          flags: none
000c  01                          flags: operation
000d  04 05                       operation: Integer 5
"#,
    );
    // Only the class of this object determines its end, so the null behind it cannot be found.
    assert_dump(
        Kind::Amf3,
        b"\x0A\x07\x07a\x1Bb\x01\x01",
        r#"
0000  0a 07 07 61 1b 62         Object "a\u{1b}b", externalizable  = object 0, = traits 0, = string 0
      ** at byte 6: the externalizable class a\u{1b}b is not known, and only it knows where its value ends
0006  01 01                     2 bytes follow
"#,
    );
}

#[test]
fn errors_are_shown_between_the_rows_before_and_the_bytes_after() {
    assert_dump(
        Kind::Amf0,
        b"",
        "
      ** at byte 0: the input ends here; at least 1 more bytes are needed
",
    );
    assert_dump(
        Kind::Amf0,
        b"\x03\0\x01a\x04\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11",
        "
0000  03                        Object  = AMF0 object 0
0001  00 01 61                    a:
      ** at byte 4: 0x04 introduces no AMF0 value
0004  04 01 02 03 04 05 06 07   18 bytes follow
000c  08 09 0a 0b 0c 0d 0e 0f
",
    );
    assert_dump(
        Kind::Amf0,
        b"\x07\0\x01",
        "
      ** at byte 0: object reference 1 is out of range; 0 were sent before
0000  07 00 01                  3 bytes follow
",
    );
    assert_dump(
        Kind::Amf3,
        b"\x09\x05\x01\x0A\x02\x01",
        "
0000  09 05                     Array of 2  = object 0
0002  01                          end of names
                                  [0] Object (breaks off)
      ** at byte 3: object reference 1 is out of range; 1 were sent before
0003  0a 02 01                  3 bytes follow
",
    );
    assert_dump(
        Kind::Amf3,
        b"\x0A\x05",
        "
                                Object (breaks off)
      ** at byte 0: traits reference 1 is out of range; 0 were sent before
0000  0a 05                     2 bytes follow
",
    );
    assert_dump(
        Kind::Amf3,
        b"\x06\x04",
        "
0000  06                        String (breaks off)
      ** at byte 1: string reference 2 is out of range; 0 were sent before
0001  04                        1 byte follows
",
    );
    assert_dump(
        Kind::Amf3,
        b"\x0D\x07\x00\0\0\0\x01\0\0",
        "
0000  0d 07 00                  Vector.<int> of 3  = object 0
0003  00 00 00 01                 [0] 1 (breaks off)
      ** at byte 7: the input ends here; at least 2 more bytes are needed
0007  00 00                     2 bytes follow
",
    );
    // Invalid text is shown as far as possible, and reading continues.
    assert_dump(
        Kind::Amf3,
        b"\x06\x07a\xFFb\x01",
        r#"
0000  06 07 61 ff 62            String "a�b"  = string 0
      ** at byte 2: the text is not UTF-8
0005  01                        null
"#,
    );
}

#[test]
fn long_texts_are_truncated() {
    let bytes = [&b"\x02\x01\x00"[..], &b"x".repeat(256)].concat();
    assert_dump(
        Kind::Amf0,
        &bytes,
        r#"
0000  02 01 00 78 78 78 78 78 … String "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"… (256 bytes)
"#,
    );
    let bytes = [&b"\x0C\x81\x49"[..], &b"y\n".repeat(50)].concat();
    assert_dump(
        Kind::Amf3,
        &bytes,
        "
0000  0c 81 49                  ByteArray of 100  = object 0
0003  79 0a 79 0a 79 0a 79 0a …   y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.y.…
",
    );
}

#[test]
fn offset_columns_widen_with_the_input() {
    let bytes = [&b"\x0C\x88\x80\x01"[..], &vec![0; 65_536]].concat();
    let rows = Dump::new(Kind::Amf3, &bytes).to_string();
    assert!(rows.starts_with("00000  0c 88 80 01               ByteArray of 65536  = object 0\n"), "{rows}");
}

#[test]
fn hostile_bytes_end_with_an_error() {
    let max = "the limit `depth` of 256 is passed";
    for (kind, bytes) in [
        (Kind::Amf0, [0x0A, 0, 0, 0, 1].repeat(100_000)),
        (Kind::Amf3, [0x09, 0x03, 0x01].repeat(100_000)),
        (Kind::Amf3, [0x11, 0x03, 0x00].repeat(100_000)),
    ] {
        let dump = Dump::new(kind, &bytes);
        assert!(dump.first_error().unwrap().to_string().contains(max));
        assert!(dump.to_string().contains(max));
    }
    // A null in 256 arrays is shown.
    let deep = [[0x0A, 0, 0, 0, 1].repeat(256), vec![0x05]].concat();
    assert_eq!(Dump::new(Kind::Amf0, &deep).first_error(), None);
    // Counts that exceed the input.
    for (kind, bytes) in [
        (Kind::Amf0, &b"\x0A\xFF\xFF\xFF\xFF"[..]),
        (Kind::Amf0, b"\x0C\xFF\xFF\xFF\xFF"),
        (Kind::Amf3, b"\x09\xFF\xFF\xFF\xFF\x01"),
        (Kind::Amf3, b"\x0A\xFF\xFF\xFF\xF3\x01"),
        (Kind::Amf3, b"\x0F\xFF\xFF\xFF\xFF\x00"),
        (Kind::Amf3, b"\x11\xFF\xFF\xFF\xFF\x00"),
        (Kind::Packet, b"\0\0\xFF\xFF"),
        (Kind::Sol, b"\0\xBF\0\0"),
    ] {
        assert!(Dump::new(kind, bytes).first_error().unwrap().to_string().contains("the input ends here"));
    }
}

#[test]
fn random_bytes_of_any_kind_never_panic() {
    // Every marker, followed by every byte and a tail.
    for first in 0..=255 {
        for second in (0..=255).step_by(5) {
            let bytes = [first, second, 3, 1, 0, 0, 9, 0, 1, 2];
            for kind in [Kind::Packet, Kind::Amf0, Kind::Amf3, Kind::Sol] {
                let dump = Dump::new(kind, &bytes);
                assert_eq!(
                    dump.first_error().is_some(),
                    dump.to_string().contains("** at byte"),
                    "{bytes:02X?}"
                );
            }
            Dump::guess(&bytes);
        }
    }
}

#[test]
fn truncated_and_modified_bytes_never_panic() {
    for (kind, version, bytes) in [
        (Kind::Amf0, Version::Amf0, one_value_of_every_amf0_type()),
        (Kind::Amf3, Version::Amf3, one_value_of_every_amf3_type()),
    ] {
        let cuts = (0..bytes.len()).map(|cut| bytes.get(..cut).unwrap().to_vec());
        let changes = (0..bytes.len()).flat_map(|at| {
            [0x01, 0x02, 0x80, 0xFF].map(|change| {
                let mut bytes = bytes.clone();
                *bytes.get_mut(at).unwrap() ^= change;
                bytes
            })
        });
        for bytes in cuts.chain(changes) {
            let dump = Dump::new(kind, &bytes);
            let fault = dump.first_error();
            assert_eq!(fault.is_some(), dump.to_string().contains("** at byte"), "{bytes:02X?}");
            assert!(fault.is_none() || !is_decodable(version, &bytes), "{bytes:02X?}: {fault:?}");
        }
    }
}

fn is_decodable(version: Version, bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(version, bytes);
    while decoder.read::<Value>().is_ok() {
        if decoder.is_at_end() {
            return true;
        }
    }
    false
}

#[test]
fn kinds_of_bytes_are_guessed() {
    for (bytes, kind) in [
        (&b"\0\xBFx"[..], Kind::Sol),
        (b"\0\0\0\0\0\x01\0\x01a\0\x01b\0\0\0\x01\x05", Kind::Packet),
        // A packet that ends within its body.
        (b"\0\0\0\0\0\x01\0\x01a\0\x01b\0\0\0\x01\x0A\0\0", Kind::Packet),
        (b"\x00\x3F\xF8\0\0\0\0\0\0", Kind::Amf0),
        (b"\x0A\x0B\x01\x03a\x04\x01\x01", Kind::Amf3),
        (b"\x0A\x0B\x01\x03a\x04\x01", Kind::Amf3),
        (b"", Kind::Packet),
    ] {
        assert_eq!(Dump::guess(bytes).kind(), kind, "{bytes:02X?}");
    }
}

/// Dumps are displayed in a terminal. Text of the input must not control it, neither in rows nor in errors.
#[test]
fn characters_that_change_the_text_around_them_are_escaped() {
    let text = "\u{202E}x\u{2066}\u{1b}";
    // AMF3 §3.12: an externalizable object of an unknown class, whose name is in the error.
    let unknown = [&[0x0A, 0x07, (text.len() as u8) << 1 | 1], text.as_bytes()].concat();
    // AMF0 §2.4: a text.
    let row = [&[0x02, 0, text.len() as u8], text.as_bytes()].concat();
    for (kind, bytes, is_error) in [(Kind::Amf3, unknown, true), (Kind::Amf0, row, false)] {
        let dump = Dump::new(kind, &bytes);
        assert_eq!(dump.first_error().is_some(), is_error);
        let shown = dump.to_string();
        assert!(shown.contains("\\u{202e}x\\u{2066}\\u{1b}"), "{shown:?}");
        assert!(!shown.contains(['\u{202E}', '\u{2066}', '\u{1b}']), "{shown:?}");
    }
}
