use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(string)]
struct Name {
    name: String,
}

fn main() {}
