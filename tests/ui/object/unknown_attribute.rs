use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(renam = "hp")]
    health: u32,
}

fn main() {}
