use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Money", externalizable)]
struct Money(i32);

fn main() {}
