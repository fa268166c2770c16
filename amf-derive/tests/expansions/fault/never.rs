#[derive(Fault)]
enum Never {}
