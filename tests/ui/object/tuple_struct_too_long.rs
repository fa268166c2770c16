use amf_core::AmfObject;

#[derive(AmfObject)]
struct Long(u8, u8, u8, u8, u8, u8, u8, u8, u8);

fn main() {}
