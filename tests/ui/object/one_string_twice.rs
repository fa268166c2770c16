use amf_core::AmfObject;

#[derive(AmfObject)]
enum Suit {
    Hearts,
    #[amf(rename = "Hearts")]
    Spades,
}

fn main() {}
