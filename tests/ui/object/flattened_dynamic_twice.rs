use amf_core::AmfObject;

#[derive(AmfObject)]
struct Entity {
    #[amf(dynamic)]
    rest: amf_core::DynamicMembers,
}

#[derive(AmfObject)]
struct Player {
    #[amf(flatten)]
    entity: Entity,
    #[amf(dynamic)]
    rest: amf_core::DynamicMembers,
}

fn main() {}
