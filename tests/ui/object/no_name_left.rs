use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    __: u32,
}

fn main() {}
