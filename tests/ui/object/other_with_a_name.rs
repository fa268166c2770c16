use amf_core::AmfObject;

#[derive(AmfObject)]
enum Suit {
    Hearts,
    #[amf(other, rename = "other")]
    Other(String),
}

fn main() {}
