use amf_core::{AmfObject, Version, update_from_slice};

#[derive(AmfObject)]
enum Suit {
    Hearts,
}

fn main() {
    let _ = update_from_slice(Version::Amf3, &[], &mut Suit::Hearts);
}
