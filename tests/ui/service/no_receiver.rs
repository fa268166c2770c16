use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn new(room: String) {
        drop(room);
    }
}

fn main() {}
