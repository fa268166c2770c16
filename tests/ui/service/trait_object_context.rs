use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, user: &dyn std::fmt::Debug) {
        let _ = user;
    }
}

fn main() {}
