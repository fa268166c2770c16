use amf_core::AmfObject;

#[derive(AmfObject)]
enum Never {}

fn main() {}
