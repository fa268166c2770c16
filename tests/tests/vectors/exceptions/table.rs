//! The table: every vector, or family of vectors, that deviates, with the reason.

use super::Deviation::{Accepted, Lengths, Made, Rewritten, Unlike, Unreadable};
use super::Exception;

const ONE: &str = "declares 1 as the length of every body and header";
const MINUS_ONE: &str = "declares −1 as the length of every body and header";
const ZERO: &str = "declares 0 as the length of every body and header";
const NOT_A_VALUE: &str = "what a lower layer writes: a raw number, string or end marker, no value";
const ZONE: &str = "has a time zone, which is reserved (AMF0 §2.13): 0 is written";
const TRAITS_AGAIN: &str = "repeats the traits of anonymous objects, which are written by reference";
const OTHER_ZONE: &str = "the value recorded is in the time zone of the test, five hours off";
const STATIC: &str = "has sealed members, of which the value recorded says nothing";
const SUBCLASS: &str = "is written by the test's own class, of which the value recorded says nothing";
const FLEX: &str = "is wrapped as PyAMF's `use_proxies` does, of which the value recorded says nothing";
const TRAILING: &str = "ends with a byte too many, which PyAMF's client overlooks";
const DYNAMIC: &str = "leaves out a member that the test's class excludes";
const LEVEL: &str = "has the member `level`, which is a class attribute in Python and not recorded";

pub(super) static TABLE: &[Exception] = &[
    // Packets.
    ("flash-lso/packet/armorgames_auth_response.dat", Lengths, MINUS_ONE),
    ("rocketamf/request/acknowledge-response.bin", Lengths, MINUS_ONE),
    ("rocketamf/request/amf0-error-response.bin", Lengths, MINUS_ONE),
    ("rocketamf/request/blaze-response.bin", Lengths, MINUS_ONE),
    ("rocketamf/request/flex-request.bin", Lengths, MINUS_ONE),
    ("rocketamf/request/multiple-simple-request.bin", Lengths, MINUS_ONE),
    ("rocketamf/request/simple-re*.bin", Lengths, MINUS_ONE),
    ("zendamf/Response/*", Lengths, MINUS_ONE),
    ("efxphp/value/batchRequest.amf", Lengths, ONE),
    ("captures/royale-*", Lengths, ONE),
    ("blazeds-messaging/*.resp.bin", Lengths, ONE),
    ("captures/py3amf-*", Lengths, ZERO),
    ("pyamf/packet-*/gateway.test_wsgi.WSGIServerTestCase.test_expose_request#*", Lengths, ZERO),
    ("pyamf/packet-*/gateway.test_wsgi.WSGIServerTestCase.test_timezone#*", Lengths, ZERO),
    ("pyamf/packet-*/gateway.test_wsgi.WSGIServerTestCase.test_unknown_request#*", Lengths, ZERO),
    ("pyamf/packet-*/remoting.test_client.*.test_content_type_with_charset#1", Lengths, ZERO),
    ("pyamf/packet-*/remoting.test_client.*.test_execute*", Lengths, ZERO),
    ("pyamf/packet-encode/test_remoting.ContextTextCase.test_body_references#1", Lengths, ZERO),
    ("pyamf/packet-encode/test_remoting.EncoderTestCase.test_header#*", Lengths, ZERO),
    ("pyamf/packet-encode/test_remoting.EncoderTestCase.test_re*", Lengths, ZERO),
    ("pyamf/packet-encode/test_remoting.FunctionalTestCase.test_encode_bytearray#1", Lengths, ZERO),
    ("pyamf/packet-decode/test_remoting.DecoderTestCase.test_message_order#1", Lengths, ZERO),
    ("pyamf/packet-*code/test_remoting.*.test_timezone#1", Lengths, ZERO),
    (
        "pyamf/packet-decode/test_remoting.DecoderTestCase.test_invalid_*_data_length#1",
        Lengths,
        "declares a length that is wrong by one, which is what the test is about",
    ),
    (
        "pyamf/packet-decode-error/test_remoting.DecoderTestCase.test_invalid_*_data_length#1",
        Accepted,
        "the same packets, refused in PyAMF's strict mode; declared lengths are never trusted here",
    ),
    ("pyamf/packet-decode/remoting.test_client.*.test_append_url_header#1", Unreadable, TRAILING),
    ("pyamf/packet-decode/remoting.test_client.*.test_empty_content_length#1", Unreadable, TRAILING),
    ("pyamf/packet-decode/remoting.test_client.*.test_get_response#1", Unreadable, TRAILING),
    ("pyamf/packet-decode/test_remoting.DecoderTestCase.test_timezone#1", Unlike, OTHER_ZONE),
    ("pyamf/packet-encode/test_remoting.EncoderTestCase.test_timezone#1", Unlike, OTHER_ZONE),
    ("pyamf/packet-decode/gateway.test_wsgi.WSGIServerTestCase.test_timezone#1", Unlike, OTHER_ZONE),
    ("pyamf/packet-encode/gateway.test_wsgi.WSGIServerTestCase.test_timezone#2", Unlike, OTHER_ZONE),
    ("pyamf/packet-*code/gateway.test_wsgi.WSGIServerTestCase.test_unknown_request#2", Unlike, LEVEL),
    ("zendamf/Request/bytearray.bin", Unreadable, "is a picture: the content of a request, and no packet"),
    ("zendamf/Request/longstring.bin", Unreadable, "is a text: the content of a request, and no packet"),
    ("zendamf/Request/mock/dateAmf0Request.bin", Rewritten, ZONE),
    (
        "zendamf/Request/mock/referenceAmf0Request.bin",
        Rewritten,
        "numbers references without the array of arguments; the value is written as a list, which counts",
    ),
    (
        "rocketamf/request/amf0-error-response.bin",
        Unlike,
        "Py3AMF makes a fault of its own of what is an object without an alias",
    ),
    ("efxphp/value/ping-command.amf3", Rewritten, TRAITS_AGAIN),
    (
        "ruffle/avm1/amf0_serde_suite/output.ruffle.txt#1",
        Unreadable,
        "is what Ruffle wrote, not the Flash Player: it counts scalars as references too (flash-lso#115)",
    ),
    // Shared objects.
    ("flash-lso/sol/2.sol", Unreadable, "ends inside its second member, and declares that length"),
    (
        "ruffle/avm1/amf0_serde_suite/avm1_test_suite.ruffle.sol",
        Unreadable,
        "is what Ruffle wrote, not the Flash Player: it counts scalars as references too (flash-lso#115)",
    ),
    ("flash-lso/sol/AS2-Date-Demo.sol", Rewritten, ZONE),
    ("flash-lso/sol/AS2-Demo.sol", Rewritten, ZONE),
    ("flash-lso/sol/HIRO_NETWORK_CAPPING_COOKIE.sol", Rewritten, ZONE),
    ("flash-lso/sol/MARDEKv3__sg_1.sol", Rewritten, ZONE),
    (
        "flash-lso/sol/AS3-Demo.sol",
        Rewritten,
        "repeats the traits of anonymous objects around a Dictionary, which Flash Player 9 writes as an object",
    ),
    (
        "flash-lso/sol/oppDetailPrefs.sol",
        Rewritten,
        "sets the bit of dynamic traits for an externalizable class, where it says nothing (AMF3 §3.12)",
    ),
    // AMF0.
    ("amfphp/AmfTestData/Byte", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/Int", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/Long", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/Double", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/Utf", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/LongUtf", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/ObjectEnd", Unreadable, NOT_A_VALUE),
    ("amfphp/AmfTestData/Reference", Unreadable, "is a reference to nothing that was sent"),
    ("amfphp/AmfTestData/Unsupported", Unlike, "AMFPHP gives a word for `unsupported`"),
    ("rocketamf/objects/amf0-date.bin", Rewritten, ZONE),
    ("rocketamf/objects/amf0-time.bin", Rewritten, ZONE),
    (
        "pyamf/decode/test_amf0.DecoderTestCase.test_dynamic#1",
        Unlike,
        "has a member that the test's class excludes",
    ),
    (
        "pyamf/encode/test_amf0.EncoderTestCase.test_generators#1",
        Unreadable,
        "has a string of the byte FF, which is no UTF-8 (AMF0 §1.3.1)",
    ),
    (
        "pyamf/encode/test_amf0.EncoderTestCase.test_complex_list#3",
        Made,
        "has one dict twice, where the value recorded has two",
    ),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_dynamic#1", Unlike, DYNAMIC),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_dynamic_registered#1", Unlike, DYNAMIC),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_dynamic#1", Made, DYNAMIC),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_dynamic_registered#1", Made, DYNAMIC),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_external_subclassed_list#1", Unlike, SUBCLASS),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_external_subclassed_list#1", Made, SUBCLASS),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_timezone#1", Unlike, OTHER_ZONE),
    ("pyamf/encode/test_amf0.EncoderTestCase.test_timezone#1", Made, OTHER_ZONE),
    ("pyamf/encode/test_amf0.RecordSetTestCase.test_encode#1", Unlike, SUBCLASS),
    ("pyamf/encode/test_amf0.RecordSetTestCase.test_encode#1", Made, SUBCLASS),
    // AMF3.
    ("amfphp/Amf3TestData/String*", Unreadable, NOT_A_VALUE),
    ("amfphp/Amf3TestData/EmptyString", Unlike, NOT_A_VALUE),
    ("amfjs/vector-object*", Rewritten, TRAITS_AGAIN),
    ("efxphp/value/vector-object*", Rewritten, TRAITS_AGAIN),
    ("efxphp/value/complex-object-graph.amf3", Rewritten, TRAITS_AGAIN),
    ("pyamf/encode/test_amf3.ClassInheritanceTestCase.*", Made, STATIC),
    ("pyamf/encode/test_amf3.EncoderTestCase.test_custom_type#1", Unlike, SUBCLASS),
    ("pyamf/encode/test_amf3.EncoderTestCase.test_custom_type#1", Made, SUBCLASS),
    ("pyamf/encode/test_amf3.EncoderTestCase.test_list_proxy_references#1", Made, FLEX),
    ("pyamf/encode/test_amf3.EncoderTestCase.test_proxy#*", Made, FLEX),
    ("pyamf/encode/test_flex.ArrayCollectionTestCase.*", Made, FLEX),
];
