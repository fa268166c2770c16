use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self) -> std::thread::Thread {
        std::thread::current()
    }
}

fn main() {}
