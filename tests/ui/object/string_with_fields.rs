use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(string)]
enum Suit {
    Hearts(u32),
    #[amf(alias = "Spades")]
    Spades,
}

fn main() {}
