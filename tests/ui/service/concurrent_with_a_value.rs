use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(concurrent = true)]
    fn join(&self) {}
}

fn main() {}
