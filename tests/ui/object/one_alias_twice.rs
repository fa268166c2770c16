use amf_core::AmfObject;

#[derive(AmfObject)]
enum Shape {
    #[amf(alias = "Circle")]
    Circle,
    #[amf(alias = "Square", also = "Circle")]
    Square,
}

fn main() {}
