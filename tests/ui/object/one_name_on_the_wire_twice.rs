use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    health: u32,
    #[amf(rename = "health")]
    hp: u32,
}

fn main() {}
