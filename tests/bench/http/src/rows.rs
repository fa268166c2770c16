//! What is measured: a request, what its answer has to be, and the targets.

use amf_remoting::amf_core::packet::{Packet, PacketWriter};
use amf_remoting::amf_core::{Decoder, Encoder};
use amf_remoting::{AmfObject, DynamicMembers, FromAmf, Limits, ToAmf, Value, Version};

use crate::service::{Player, players};

#[derive(Debug)]
pub struct Row {
    /// For the command line.
    pub name: &'static str,
    pub title: &'static str,
    /// Processor time of a request, against axum's.
    pub most_time: f64,
    request: fn() -> Vec<u8>,
    /// Whether a reply holds what was asked for.
    check: fn(&[u8]) -> bool,
}

/// Requests in a second, against `Py3AMF`'s.
pub const LEAST_RATE: f64 = 15.0;

pub const ROWS: &[Row] = &[
    Row {
        name: "echo",
        title: "AMF0 echo of a text",
        most_time: 1.15,
        request: || packet(0, "lab.echo", &encoded(Version::Amf0, &[TEXT])),
        check: |reply| result::<String>(reply) == TEXT,
    },
    Row {
        name: "flex",
        title: "Flex echo of a text",
        most_time: 1.15,
        request: || packet(3, "null", &encoded(Version::Amf3, &[RemotingMessage::echo()])),
        check: |reply| result::<Value>(reply).get("body").and_then(Value::as_str) == Some(TEXT),
    },
    Row {
        name: "list",
        title: "AMF3 list of 100 typed objects",
        most_time: 1.5,
        request: || packet(3, "lab.players", &encoded::<[(); 0]>(Version::Amf3, &[])),
        check: |reply| result::<Vec<Player>>(reply) == players(),
    },
    Row {
        name: "echo-list",
        title: "AMF3 echo of 100 typed objects",
        most_time: 1.5,
        request: || packet(3, "lab.echoPlayers", &encoded(Version::Amf3, &[players()])),
        check: |reply| result::<Vec<Player>>(reply) == players(),
    },
];

const TEXT: &str = "It was a dark and stormy night.";

impl Row {
    pub fn request(&self) -> Vec<u8> {
        (self.request)()
    }

    /// Ends the run where a server does not do what is measured.
    pub fn check(&self, server: &str, reply: &[u8]) {
        assert!((self.check)(reply), "{server} answers `{}` with {}", self.name, reply.escape_ascii());
    }
}

pub fn packet(version: u16, target: &str, arguments: &[u8]) -> Vec<u8> {
    let mut packet = PacketWriter::new(version);
    packet.message(target, "/1", arguments).expect("it is short");
    packet.finish()
}

pub fn encoded<T: ToAmf + ?Sized>(version: Version, arguments: &T) -> Vec<u8> {
    let mut encoder = Encoder::in_envelope(version);
    arguments.to_amf(&mut encoder).expect("AMF has all of these");
    encoder.finish().expect("it is small enough")
}

fn result<T: for<'de> FromAmf<'de>>(reply: &[u8]) -> T {
    let packet =
        Packet::decode(reply, &std::sync::Arc::default(), Limits::default()).expect("it is a packet");
    let [message] = &packet.messages[..] else {
        panic!("one message was sent, {} came", packet.messages.len())
    };
    assert_eq!(message.target_uri, "/1/onResult", "{}", reply.escape_ascii());
    Decoder::new(Version::Amf0, message.body).with_classes_of::<T>().read().expect("the result has its type")
}

/// What a `RemoteObject` of Apache Royale sends, with its members in their order.
#[derive(AmfObject)]
#[amf(alias = "flex.messaging.messages.RemotingMessage")]
struct RemotingMessage {
    body: Vec<String>,
    client_id: Option<String>,
    destination: String,
    headers: DynamicMembers,
    message_id: String,
    operation: String,
    source: Option<String>,
    time_to_live: i32,
    timestamp: i32,
}

impl RemotingMessage {
    /// A call after the first ping: the client has its id.
    fn echo() -> Self {
        let headers = [("DSEndpoint", "my-amf"), ("DSId", "9EFDE13B-45AB-43B2-B039-2E78649C864C")];
        Self {
            body: vec![TEXT.to_owned()],
            client_id: None,
            destination: "lab".to_owned(),
            headers: headers.into_iter().collect(),
            message_id: "5466B4E1-086F-B2D4-13BC-6B02F88607BD".to_owned(),
            operation: "echo".to_owned(),
            source: None,
            time_to_live: 0,
            timestamp: 0,
        }
    }
}
