use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn first(&self) {}

    #[remote(rename = "first")]
    fn second(&self) {}
}

fn main() {}
