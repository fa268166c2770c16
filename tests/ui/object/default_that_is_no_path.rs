use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(default = "7 + 3")]
    health: u32,
}

fn main() {}
