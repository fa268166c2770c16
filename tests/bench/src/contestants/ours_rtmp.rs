//! `amf-rtmp`'s protocol as a state machine, and the bytes of a client that calls it.

use std::sync::Arc;
use std::time::Instant;

use amf_rtmp::proto::{Accept, Config, Connection, Event, Seed};

/// The text that a call carries and that its reply returns, 64 bytes.
pub const TEXT: &str = "0123456789 a text that a method is called with, and gives back.#";

/// A connection of the server's side that answers each call with its argument.
pub struct Echo {
    connection: Connection,
    now: Instant,
}

impl Echo {
    /// Returns a connection behind its handshake and `connect`.
    pub fn connected() -> Self {
        let now = Instant::now();
        let connection = Connection::server(Arc::new(Config::server()), &Seed::new([7; 32]), now);
        let mut echo = Self { connection, now };
        echo.answer(&handshake());
        echo.answer(&connect());
        echo
    }

    /// Returns what the connection sends in reply to `input`.
    pub fn answer(&mut self, input: &[u8]) -> Vec<u8> {
        self.connection.handle_input(self.now, input);
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Command(command) => {
                    let transaction = command.transaction().expect("it is a call");
                    let value = command.body().arguments().expect("there is one");
                    self.connection.reply(transaction, &value).expect("it was asked for");
                }
                Event::Connect(_) => self.connection.accept(self.now, &Accept::default()).expect("it may"),
                event => panic!("{event:?}"),
            }
        }
        let mut output = Vec::new();
        while let Some(piece) = self.connection.poll_transmit() {
            output.extend_from_slice(&piece);
        }
        output
    }
}

/// A handshake by the specification: version 3, a first part of zeros, a second that no server checks.
pub fn handshake() -> Vec<u8> {
    [&[3], [0; 2 * 1_536].as_slice()].concat()
}

/// `bench.echo`, 2, null, the text.
pub fn call() -> Vec<u8> {
    let head = b"\x02\0\x0Abench.echo\0\x40\0\0\0\0\0\0\0\x05\x02";
    message(&[&head[..], &(TEXT.len() as u16).to_be_bytes(), TEXT.as_bytes()].concat())
}

/// `connect`, 1, `{app: "bench"}`.
pub fn connect() -> Vec<u8> {
    message(b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\0\x03app\x02\0\x05bench\0\0\x09")
}

/// A command on chunk stream 3, with a header of form 0, in one chunk (RTMP §5.3).
fn message(command: &[u8]) -> Vec<u8> {
    assert!(command.len() <= 128, "longer ones need another chunk");
    [&[3, 0, 0, 0, 0, 0, command.len() as u8, 20, 0, 0, 0, 0], command].concat()
}
