use amf_core::AmfObject;

#[derive(AmfObject)]
enum Suit {
    #[amf(renam = "hearts")]
    Hearts,
    #[amf(skip)]
    Spades,
    #[amf(untagged)]
    Clubs,
}

fn main() {}
