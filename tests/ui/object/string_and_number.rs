use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(string, number)]
enum Suit {
    Hearts,
}

fn main() {}
