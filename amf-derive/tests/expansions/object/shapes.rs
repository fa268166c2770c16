#[derive(AmfObject)]
enum Shape<T> {
    Circle(Circle),
    Boxed(Boxed<T>),
    #[amf(alias = "com.example.Empty")]
    Empty,
    #[amf(alias = "com.example.Line", also = "old.Line")]
    Line {
        start_x: f64,
        #[amf(default)]
        tags: Vec<T>,
    },
    #[amf(other)]
    Other(Value),
}
