use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(blocking = true)]
    fn join(&self) {}
}

fn main() {}
