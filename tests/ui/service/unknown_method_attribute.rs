use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(concurent)]
    fn join(&self) {}
}

fn main() {}
