use amf_core::AmfObject;

#[derive(AmfObject)]
enum Color {
    Red,
    Green,
}

fn main() {}
