use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias("com.example.Player"))]
struct Player {
    health: u32,
}

fn main() {}
