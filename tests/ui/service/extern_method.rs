use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    extern "C" fn poke(&self) {}
}

fn main() {}
