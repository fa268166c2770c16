//! AMF0 markers.

pub(crate) mod marker;
