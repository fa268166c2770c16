use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
#[amf(alias = "Shape", default)]
enum Shape {
    Circle(Circle),
}

fn main() {}
