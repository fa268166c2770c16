use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(timeout = "0s")]
    fn join(&self) {}
}

fn main() {}
