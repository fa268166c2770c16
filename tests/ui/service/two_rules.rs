use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(role = "admin", public)]
    fn join(&self) {}
}

fn main() {}
