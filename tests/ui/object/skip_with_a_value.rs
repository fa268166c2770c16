use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(skip = true)]
    health: u32,
}

fn main() {}
