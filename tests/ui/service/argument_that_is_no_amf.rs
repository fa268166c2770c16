use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, thread: std::thread::Thread) {
        let _ = thread;
    }
}

fn main() {}
