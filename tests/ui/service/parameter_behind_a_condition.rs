use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn join(&self, #[cfg(any())] room: String) {}
}

fn main() {}
