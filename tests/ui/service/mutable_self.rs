use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn add(&mut self, count: u32) {
        let _ = count;
    }
}

fn main() {}
