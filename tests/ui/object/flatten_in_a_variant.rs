use amf_core::AmfObject;

#[derive(AmfObject)]
struct Entity {
    id: u32,
}

#[derive(AmfObject)]
enum Shape {
    #[amf(alias = "Line")]
    Line {
        #[amf(flatten)]
        entity: Entity,
    },
}

fn main() {}
