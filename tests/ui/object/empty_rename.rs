use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(rename = "")]
    health: u32,
}

fn main() {}
