use amf_core::AmfObject;

#[derive(AmfObject)]
struct Id();

fn main() {}
