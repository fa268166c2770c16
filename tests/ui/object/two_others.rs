use amf_core::AmfObject;

#[derive(AmfObject)]
enum Suit {
    Hearts,
    #[amf(other)]
    Other(String),
    #[amf(other)]
    More(String),
}

fn main() {}
