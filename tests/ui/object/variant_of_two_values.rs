use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    Circle(Circle),
    Line(f64, f64),
}

fn main() {}
