//! AMF3: its markers.

pub(crate) mod marker;
