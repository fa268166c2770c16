use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(also = "old.Player")]
struct Player {}

fn main() {}
