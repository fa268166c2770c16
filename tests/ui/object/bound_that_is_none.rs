use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(bound = "T is ToAmf")]
struct Page<T> {
    items: Vec<T>,
}

fn main() {}
