use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, name: &String) {
        let _ = name;
    }
}

fn main() {}
