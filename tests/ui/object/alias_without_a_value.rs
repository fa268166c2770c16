use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias)]
struct Player {
    health: u32,
}

fn main() {}
