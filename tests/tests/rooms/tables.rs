//! Rooms of each crate in order. Edit this file when a room is added, moved or removed.

/// Folder of each crate, and its rooms from bottom to top: a room imports only from rooms that stand earlier in the
/// list. `name = module module` makes one room of several top-level modules. Rooms that do not exist yet are allowed.
pub(crate) const CRATES: &[(&str, &[&str])] =
    &[("amf-core", AMF_CORE), ("amf-derive", AMF_DERIVE), ("remoting", REMOTING), ("rtmp", RTMP)];

#[rustfmt::skip]
const AMF_CORE: &[&str] = &[
    "version",
    "limits",
    "iso",
    "error",
    "date",
    "wire",
    "amf0",
    "amf3",
    "codec = class decoder encoder external value",
    "convert",
    "members",
    "__private",
    "packet",
    "sol",
    "serde",
    "dump",
];

#[rustfmt::skip]
const AMF_DERIVE: &[&str] = &[
    "span",
    "errors",
    "paths",
    "lints",
    "names",
    "describe",
    "types",
    "attr",
    "bounds",
    "access",
    "method",
    "object",
    "fault",
    "service",
    "client",
];

#[rustfmt::skip]
const REMOTING: &[&str] = &[
    "metrics",
    "count",
    "service",
    "__private",
    "connection",
    "packet",
    "gateway",
    "flex",
    "client",
];

#[rustfmt::skip]
const RTMP: &[&str] = &[
    "metrics",
    "proto",
    "connection",
    "net", // connection
    "arguments",
    "shared_object",
    "stream",
    "state", // server, up to `listening`
    "places",
    "instance",
    "connect",
    "disconnect",
    "unknown",
    "session",
    "server",
    "tls", // transport, up to `client`
    "listening",
    "tunnel",
    "transport",
    "client",
];

/// Circles and upward arrows that are known, as the failure message names them. The test fails for an entry that no
/// longer occurs, so the list only shrinks.
#[rustfmt::skip]
pub(crate) const KNOWN: &[&str] = &[
    "amf-core: circle __private -> members -> __private",
    "amf-core: circle amf0 -> codec -> amf0",
    "amf-core: circle amf3 -> codec -> amf3",
    "amf-core: circle amf3 -> codec -> convert -> amf3",
    "amf-core: circle codec -> convert -> codec",
    "amf-core: upward amf0 -> codec",
    "amf-core: upward amf3 -> codec",
    "amf-core: upward codec -> convert",
    "amf-core: upward members -> __private",
    "rtmp: circle instance -> shared_object -> instance",
    "rtmp: circle listening -> server -> listening",
    "rtmp: circle listening -> tls -> listening",
    "rtmp: circle server -> session -> server",
    "rtmp: circle server -> tunnel -> server",
    "rtmp: upward server -> listening",
    "rtmp: upward server -> tunnel",
    "rtmp: upward session -> server",
    "rtmp: upward shared_object -> instance",
    "rtmp: upward tls -> listening",
];
