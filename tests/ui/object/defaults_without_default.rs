use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(default)]
struct Player {
    health: u32,
}

fn main() {}
