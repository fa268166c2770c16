use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(rename_all = "camelcase")]
struct Player {
    health: u32,
}

fn main() {}
