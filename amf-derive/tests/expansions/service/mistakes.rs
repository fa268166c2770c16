#[remoting_service]
impl Game {
    #[remote(rename = "a")]
    fn first(&self, name: &str) {}
}
