use amf_core::AmfObject;

#[derive(AmfObject)]
struct Point(#[amf(as = "string")] u64, u64);

fn main() {}
