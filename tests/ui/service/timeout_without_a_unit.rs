use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(timeout = "30")]
    fn join(&self) {}
}

fn main() {}
