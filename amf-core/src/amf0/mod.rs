//! AMF0: its markers.

pub(crate) mod marker;
