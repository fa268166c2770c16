use amf_core::AmfObject;

#[derive(AmfObject)]
struct Ping;

fn main() {}
