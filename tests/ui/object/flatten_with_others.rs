use amf_core::AmfObject;

#[derive(AmfObject)]
struct Entity {
    id: u32,
}

#[derive(AmfObject)]
struct Player {
    #[amf(flatten, rename = "entity", as = "string", default = "made")]
    entity: Entity,
}

fn made() -> Entity {
    Entity { id: 1 }
}

fn main() {}
