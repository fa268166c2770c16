use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(blocking)]
    async fn join(&self) {}
}

fn main() {}
