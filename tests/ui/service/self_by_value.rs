use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn close(self) {}
}

fn main() {}
