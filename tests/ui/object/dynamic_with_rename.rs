use amf_core::AmfObject;

use amf_core::DynamicMembers;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic, rename = "rest")]
    extra: DynamicMembers,
}

fn main() {}
