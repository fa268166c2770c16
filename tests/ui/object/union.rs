use amf_core::AmfObject;

#[derive(AmfObject)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
