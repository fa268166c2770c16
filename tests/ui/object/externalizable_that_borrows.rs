use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Name", externalizable)]
struct Name<'a>(&'a str);

fn main() {}
