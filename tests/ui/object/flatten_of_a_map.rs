use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(flatten)]
    rest: std::collections::HashMap<String, u32>,
    #[amf(flatten)]
    id: u32,
}

fn main() {}
