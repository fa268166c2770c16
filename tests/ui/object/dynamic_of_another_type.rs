use amf_core::AmfObject;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic)]
    extra: Vec<u32>,
}

fn main() {}
