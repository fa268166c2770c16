use amf_core::AmfObject;

type Rest = std::collections::HashMap<String, amf_core::Value>;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic)]
    extra: Rest,
}

fn main() {}
