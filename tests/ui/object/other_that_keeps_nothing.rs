use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(alias = "Circle")]
struct Circle {}

#[derive(AmfObject)]
enum Shape {
    Circle(Circle),
    #[amf(other)]
    Other,
}

fn main() {}
