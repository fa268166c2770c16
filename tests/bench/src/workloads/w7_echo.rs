//! W7: calls on an open RTMP connection, each answered with its argument: the protocol alone, from the bytes that a
//! socket would give to those that it would take.

use std::hint::black_box;

use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::messages::RtmpMessage;
use rml_rtmp::sessions::{ServerSession, ServerSessionConfig, ServerSessionEvent, ServerSessionResult};
use rml_rtmp::time::RtmpTimestamp;

use crate::claim::Than::EveryPeer;
use crate::contestants::ours_rtmp::{Echo, TEXT, call, connect};
use crate::measure::Kind;
use crate::row::{OURS, Row};

pub fn one() -> Row {
    row(1)
}

pub fn pipelined() -> Row {
    row(32)
}

/// So many calls come with one read.
fn row(calls: usize) -> Row {
    let input: &[u8] = call().repeat(calls).leak();
    let (mut ours, mut rml) = (Echo::connected(), Rml::connected());
    assert_eq!(count(&ours.answer(input)), calls);
    assert_eq!(count(&rml.answer(input)), calls);
    Row::new()
        .with(OURS, Kind::Ours, input.len(), move || ours.answer(black_box(input)))
        .with("rml_rtmp, hand-built replies", Kind::Peer, input.len(), move || rml.answer(black_box(input)))
        .faster(OURS, EveryPeer, 2.0)
}

/// How many replies carry the text.
fn count(output: &[u8]) -> usize {
    output.windows(TEXT.len()).filter(|window| *window == TEXT.as_bytes()).count()
}

/// `rml_rtmp`, whose session cannot answer calls: the reply is put together and serialized beside it.
struct Rml {
    session: ServerSession,
    replies: ChunkSerializer,
}

impl Rml {
    fn connected() -> Self {
        let (session, _) = ServerSession::new(ServerSessionConfig::new()).expect("it begins");
        let mut rml = Self { session, replies: ChunkSerializer::new() };
        rml.replies.set_max_chunk_size(4_096, RtmpTimestamp::new(0)).expect("it is a size");
        rml.answer(&connect());
        rml
    }

    fn answer(&mut self, input: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        let results = self.session.handle_input(input).expect("it is right");
        self.take(results, &mut output);
        output
    }

    fn take(&mut self, results: Vec<ServerSessionResult>, output: &mut Vec<u8>) {
        for result in results {
            match result {
                ServerSessionResult::OutboundResponse(packet) => output.extend_from_slice(&packet.bytes),
                ServerSessionResult::RaisedEvent(ServerSessionEvent::ConnectionRequested {
                    request_id,
                    ..
                }) => {
                    let results = self.session.accept_request(request_id).expect("it may");
                    self.take(results, output);
                }
                ServerSessionResult::RaisedEvent(ServerSessionEvent::UnhandleableAmf0Command {
                    transaction_id,
                    additional_values,
                    ..
                }) => output.extend_from_slice(&self.reply(transaction_id, additional_values)),
                ServerSessionResult::RaisedEvent(_) | ServerSessionResult::UnhandleableMessageReceived(_) => {
                }
            }
        }
    }

    fn reply(&mut self, transaction_id: f64, mut values: Vec<Amf0Value>) -> Vec<u8> {
        values.truncate(1);
        let reply = RtmpMessage::Amf0Command {
            command_name: "_result".to_owned(),
            transaction_id,
            command_object: Amf0Value::Null,
            additional_arguments: values,
        };
        let payload = reply.into_message_payload(RtmpTimestamp::new(0), 0).expect("it writes it");
        self.replies.serialize(&payload, true, false).expect("it writes it").bytes
    }
}
