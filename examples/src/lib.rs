//! Modules of the example programs in `src/bin`.

pub mod blazeds;
pub mod json;
pub mod lobby;
pub mod server;
pub mod whiteboard;
