use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(timeout = "1.5s")]
    fn join(&self) {}
}

fn main() {}
