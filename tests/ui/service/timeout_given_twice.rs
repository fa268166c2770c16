use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(timeout = "5s", timeout = "none")]
    fn join(&self) {}
}

fn main() {}
