use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    unsafe fn poke(&self) {}
}

fn main() {}
