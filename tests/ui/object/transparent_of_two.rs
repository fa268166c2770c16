use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(transparent)]
struct Id {
    high: u32,
    low: u32,
}

fn main() {}
