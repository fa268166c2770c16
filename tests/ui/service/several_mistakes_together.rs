use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn new() -> Self {
        Self
    }

    #[remote(rename = "b", renam = "c")]
    fn a(&mut self, _text: &str, (_x, _y): (u32, u32)) {}

    fn b<T>(&self, _any: impl Clone) {}
}

fn used() -> amf_remoting::Services {
    amf_remoting::Services::new().add(Game::new())
}

fn main() {}
