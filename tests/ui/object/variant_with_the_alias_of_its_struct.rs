use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    #[amf(alias = "Round")]
    Circle(Circle),
}

fn main() {}
