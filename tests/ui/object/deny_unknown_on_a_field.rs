use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(deny_unknown)]
    id: u32,
}

fn main() {}
