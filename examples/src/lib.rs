//! What the example programs are made of; the programs themselves are in `src/bin`.

pub mod blazeds;
pub mod json;
pub mod lobby;
pub mod server;
pub mod whiteboard;
