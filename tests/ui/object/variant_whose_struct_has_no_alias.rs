use amf_core::AmfObject;

#[derive(AmfObject)]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    Circle(Circle),
}

fn main() {}
