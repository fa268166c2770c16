use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(skip, rename = "hp", default)]
    health: u32,
}

fn main() {}
