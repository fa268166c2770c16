use amf_core::AmfObject;

use amf_core::DynamicMembers;

#[derive(AmfObject)]
struct Player {
    #[amf(dynamic)]
    extra: DynamicMembers,
    #[amf(dynamic)]
    more: DynamicMembers,
}

fn main() {}
