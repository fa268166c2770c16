//! Who takes part.

pub mod amf;
pub mod flash_lso;
pub mod ours;
pub mod ours_rtmp;
pub mod peer;
pub mod rml;
pub mod scuffle;
mod trees;
pub mod with_serde;

pub use peer::{Peer, ToTree, Tree, Values};
