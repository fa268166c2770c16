use amf_core::AmfObject;

use amf_core::Dynamic;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic, rename = "rest")]
    extra: Dynamic,
}

fn main() {}
