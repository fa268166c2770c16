use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[remote(role = "admin", role = "editor")]
    fn join(&self) {}
}

fn main() {}
