#[derive(Fault)]
enum Broken {
    #[fault(message = "{0}")]
    Unnumbered,
}
