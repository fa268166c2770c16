use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(default = "full")]
    health: u32,
}

fn full() -> String {
    "full".to_owned()
}

fn main() {}
