use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Money", externalizable, rename_all = "none")]
struct Money {
    #[amf(rename = "c")]
    cents: i32,
}

fn main() {}
