use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(logged_in = true)]
    fn join(&self) {}
}

fn main() {}
