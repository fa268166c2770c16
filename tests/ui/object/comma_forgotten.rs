use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "com.example.Player" rename_all = "none")]
struct Player {
    health: u32,
}

fn main() {}
