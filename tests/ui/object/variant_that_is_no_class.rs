use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    Circle(Circle),
    Size(u32),
}

fn main() {}
