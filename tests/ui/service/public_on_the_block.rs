use amf_remoting::remoting_service;

struct Game;

#[remoting_service(public)]
impl Game {
    #[remote(role = "admin")]
    fn join(&self) {}
}

fn main() {}
