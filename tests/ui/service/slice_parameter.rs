use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, texts: &[&str]) {
        let _ = texts;
    }
}

fn main() {}
