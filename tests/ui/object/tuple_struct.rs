use amf_core::AmfObject;

#[derive(AmfObject)]
struct Point(f64, f64);

fn main() {}
