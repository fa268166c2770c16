use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(alias = "hp")]
    health: u32,
}

fn main() {}
