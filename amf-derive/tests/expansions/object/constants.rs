#[derive(AmfObject)]
#[amf(rename_all = "snake_case")]
enum Suit {
    Hearts,
    #[amf(rename = "spade", also = "spades")]
    Spades,
    #[amf(other)]
    Other(String),
}

#[derive(AmfObject)]
#[amf(number)]
enum Level {
    Low = 1,
    Middle,
    #[amf(other)]
    Unknown = 9,
}
