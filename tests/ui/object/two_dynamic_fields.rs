use amf_core::AmfObject;

use amf_core::Dynamic;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic)]
    extra: Dynamic,
    #[amf(dynamic)]
    more: Dynamic,
}

fn main() {}
