use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn move_to(&self, _: f64) {}
}

fn main() {}
