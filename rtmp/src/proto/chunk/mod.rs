//! Chunks: the pieces in which messages travel, so that a small one need not wait for a large one
//! (RTMP §5.3).

mod header;
mod output;
mod pre_chunked;
mod reader;
pub(super) mod writer;

pub use output::Output;
pub use pre_chunked::PreChunkedMessage;
pub use reader::ChunkReader;
pub use writer::ChunkWriter;

/// The size of chunks until another is announced (RTMP §5.4.1).
pub const DEFAULT_CHUNK_SIZE: u32 = 128;

/// What stands in a timestamp field when the timestamp itself follows in 32 bits.
const EXTENDED: u32 = 0x00FF_FFFF;
