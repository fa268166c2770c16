use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    const fn version(&self) -> u32 {
        7
    }
}

fn main() {}
