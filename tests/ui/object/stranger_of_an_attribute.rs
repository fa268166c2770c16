use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(flatten)]
    stats: u32,
}

fn main() {}
