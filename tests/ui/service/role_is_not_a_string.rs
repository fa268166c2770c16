use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(role = ADMIN)]
    fn join(&self) {}
}

fn main() {}
