use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(rename = "hp")]
    #[amf(rename = "health")]
    health: u32,
}

fn main() {}
