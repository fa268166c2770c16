//! Limits on what a peer can make a connection do.

amf_core::__private::limits! {
    /// Limits on one connection, in force by default.
    ///
    /// A peer that exceeds a limit and is disconnected for it gives
    /// [`PeerErrorKind::Limit`](super::PeerErrorKind::Limit) or [`Timeout`](super::PeerErrorKind::Timeout) with the field's
    /// name; [`Connection::limit_counters`](super::Connection::limit_counters) counts by that name. `usize::MAX` and
    /// `Duration::MAX` are no limit. `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use amf_rtmp::proto::Limits;
    ///
    /// let limits = Limits::server().with_command_bytes(64 * 1024).with_calls_in(16);
    /// assert_eq!((limits.calls_in, Limits::server().calls_in), (16, 256));
    /// ```
    pub struct Limits by server, client {
        /// Maximum size of one chunk.
        chunk_size, with_chunk_size = 1 MiB {
            /// The peer is disconnected.
            ///
            /// A peer may announce larger chunks, as some do that never send one.
        }

        /// Maximum number of chunks of one message.
        chunks_per_message, with_chunks_per_message = 65_536 chunks {
            /// The peer is disconnected.
        }

        /// Maximum number of chunk streams that the peer uses.
        chunk_streams, with_chunk_streams = 64 streams {
            /// The peer is disconnected.
        }

        /// Maximum number of incomplete messages.
        partial_messages, with_partial_messages = 8 messages {
            /// The peer is disconnected.
        }

        /// Maximum size of all incomplete messages together.
        assembly_bytes, with_assembly_bytes = 16 MiB {
            /// The peer is disconnected.
        }

        /// Maximum size of a command, of data, or of a shared object message.
        command_bytes, with_command_bytes = 1 MiB {
            /// The peer is disconnected.
        }

        /// Maximum size of an audio, video or aggregate message.
        media_bytes, with_media_bytes = 8 MiB {
            /// The peer is disconnected.
        }

        /// Maximum size of any message before the connection is accepted, and of all messages together that are held
        /// until then.
        before_connect_bytes, with_before_connect_bytes = 64 KiB {
            /// The peer is disconnected.
        }

        /// Maximum number of calls of the peer in flight.
        calls_in, with_calls_in = 256 calls {
            /// The call is answered with `_error`. A notification beyond as many in flight is dropped by a server.
        }

        /// Maximum number of calls to the peer in flight.
        calls_out, with_calls_out = 256 calls {
            /// The program receives [`UserError::TooManyCalls`](super::UserError::TooManyCalls).
        }

        /// Maximum number of replies that the peer has not read: results, pongs, acknowledgements.
        unsent_replies, with_unsent_replies = 1_024 replies {
            /// The peer is disconnected.
        }

        /// Maximum size of all replies that the peer has not read. A single one may be larger.
        unsent_reply_bytes, with_unsent_reply_bytes = 1 MiB {
            /// The peer is disconnected.
        }

        /// Maximum size of all messages that wait to be sent. A single one may be larger.
        outbound_bytes, with_outbound_bytes = 4 MiB {
            /// The program receives [`UserError::QueueFull`](super::UserError::QueueFull), or `CallError::Full` of a client's
            /// handle.
        }

        /// Maximum length of the application's name, without the part behind a `?`.
        application_name_bytes, with_application_name_bytes = 128 bytes {
            /// The peer is disconnected.
        }

        /// Maximum number of shared objects that the peer uses at one time.
        shared_objects, with_shared_objects = 64 objects {
            /// The object is refused with the status `SharedObject.ObjectCreationFailed`.
        }

        /// Maximum number of events of one shared object message. Each slot of a change counts.
        shared_object_events, with_shared_object_events = 1_024 events {
            /// The peer is disconnected.
        }

        /// Maximum length of the name of a shared object, or of one of its slots.
        shared_object_name_bytes, with_shared_object_name_bytes = 256 bytes {
            /// The peer is disconnected.
        }

        /// Timeout from the start to the end of the handshake.
        handshake_timeout, with_handshake_timeout = 5 s {
            /// The peer is disconnected.
        }

        /// Timeout from the end of the handshake until `connect` has arrived, or, for a client, until its reply has.
        connect_timeout, with_connect_timeout = 5 s, client 30 s {
            /// The peer is disconnected.
        }

        /// Timeout from the first chunk of a message to its last.
        message_timeout, with_message_timeout = 30 s {
            /// The peer is disconnected.
            ///
            /// Without it a peer that keeps the connection alive by acknowledgements or pongs could hold incomplete
            /// messages for any time.
        }

        /// Timeout for the reply to a call.
        reply_timeout, with_reply_timeout = 30 s {
            /// The call fails with [`Outcome::TimedOut`](super::Outcome::TimedOut).
        }

        /// Timeout for a peer to take some of what it is sent, by the driver's clock; see
        /// [`Connection::handle_stall`](super::Connection::handle_stall). After the end of the connection, timeout for it
        /// to take all that is left.
        stall_timeout, with_stall_timeout = 10 s {
            /// The peer is disconnected.
        }

        /// Silence after which the peer is pinged.
        ping_interval, with_ping_interval = 1 min, client no limit {
            /// A ping is sent.
        }

        /// Silence after which the peer is taken for dead.
        idle_timeout, with_idle_timeout = 2 min, client no limit {
            /// The peer is disconnected.
        }
    }
}
