use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    hp: u32,
    #[amf(also = "hp")]
    health: u32,
}

fn main() {}
