//! AMF3 markers.

pub(crate) mod marker;
