use amf_core::AmfObject;

#[derive(AmfObject)]
struct Entity {
    id: u32,
}

#[derive(AmfObject)]
struct Player {
    id: u32,
    #[amf(flatten)]
    entity: Entity,
}

fn main() {}
