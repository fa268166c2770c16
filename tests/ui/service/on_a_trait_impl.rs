use amf_remoting::remoting_service;

struct Game;

trait Rooms {
    fn join(&self, room: String);
}

#[remoting_service]
impl Rooms for Game {
    fn join(&self, room: String) {
        drop(room);
    }
}

fn main() {}
