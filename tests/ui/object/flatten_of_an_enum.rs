use amf_core::AmfObject;

#[derive(AmfObject)]
enum Suit {
    Hearts,
}

#[derive(AmfObject)]
struct Player {
    #[amf(flatten)]
    suit: Suit,
}

fn main() {}
