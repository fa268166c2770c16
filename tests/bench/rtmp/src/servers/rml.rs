//! `rml_rtmp`, with what a program has to add: a socket, and a reply that its session cannot make.

use std::io;

use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::messages::RtmpMessage;
use rml_rtmp::sessions::{ServerSession, ServerSessionConfig, ServerSessionEvent, ServerSessionResult};
use rml_rtmp::time::RtmpTimestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const READ: usize = 16 << 10;

pub async fn serve(mut socket: TcpStream) -> io::Result<()> {
    let mut bytes = vec![0; READ];
    let rest = shake_hands(&mut socket, &mut bytes).await?;
    let (mut session, results) = ServerSession::new(ServerSessionConfig::new()).map_err(other)?;
    let mut replies = replies()?;
    let mut out = Vec::new();
    take(&mut session, &mut replies, results, &mut out)?;
    let results = session.handle_input(&rest).map_err(other)?;
    take(&mut session, &mut replies, results, &mut out)?;
    loop {
        // All that came with one read is answered with one write.
        socket.write_all(&out).await?;
        out.clear();
        let read = socket.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        let results = session.handle_input(&bytes[..read]).map_err(other)?;
        take(&mut session, &mut replies, results, &mut out)?;
    }
}

/// A serializer for the replies beside that of the session, which sends chunks of 4,096 bytes from its start.
fn replies() -> io::Result<ChunkSerializer> {
    let mut replies = ChunkSerializer::new();
    replies.set_max_chunk_size(4_096, RtmpTimestamp::new(0)).map_err(other)?;
    Ok(replies)
}

async fn shake_hands(socket: &mut TcpStream, bytes: &mut [u8]) -> io::Result<Vec<u8>> {
    let mut handshake = Handshake::new(PeerType::Server);
    let hello = handshake.generate_outbound_p0_and_p1().map_err(other)?;
    socket.write_all(&hello).await?;
    loop {
        let read = socket.read(bytes).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match handshake.process_bytes(&bytes[..read]).map_err(other)? {
            HandshakeProcessResult::InProgress { response_bytes } => {
                socket.write_all(&response_bytes).await?;
            }
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                socket.write_all(&response_bytes).await?;
                return Ok(remaining_bytes);
            }
        }
    }
}

fn take(
    session: &mut ServerSession,
    replies: &mut ChunkSerializer,
    results: Vec<ServerSessionResult>,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    for result in results {
        match result {
            ServerSessionResult::OutboundResponse(packet) => out.extend(packet.bytes),
            ServerSessionResult::RaisedEvent(ServerSessionEvent::ConnectionRequested {
                request_id, ..
            }) => {
                let results = session.accept_request(request_id).map_err(other)?;
                take(session, replies, results, out)?;
            }
            ServerSessionResult::RaisedEvent(ServerSessionEvent::UnhandleableAmf0Command {
                transaction_id,
                mut additional_values,
                ..
            }) => {
                additional_values.truncate(1);
                let reply = RtmpMessage::Amf0Command {
                    command_name: "_result".to_owned(),
                    transaction_id,
                    command_object: Amf0Value::Null,
                    additional_arguments: additional_values,
                };
                let payload = reply.into_message_payload(RtmpTimestamp::new(0), 0).map_err(other)?;
                out.extend(replies.serialize(&payload, true, false).map_err(other)?.bytes);
            }
            _ => {}
        }
    }
    Ok(())
}

fn other(error: impl std::fmt::Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}
