use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Id")]
struct Id(#[amf(rename = "id")] u32);

fn main() {}
