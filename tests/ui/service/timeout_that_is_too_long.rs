use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(timeout = "18446744073709551615h")]
    fn join(&self) {}
}

fn main() {}
