use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    Circle(Circle),
    Empty,
    Line { from: f64, to: f64 },
}

fn main() {}
