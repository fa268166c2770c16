use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(rename = "game.join")]
    fn join(&self) {}
}

fn main() {}
