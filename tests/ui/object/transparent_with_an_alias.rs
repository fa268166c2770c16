use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(transparent, alias = "Id")]
struct Id {
    id: u32,
}

fn main() {}
