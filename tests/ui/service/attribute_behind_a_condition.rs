use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    #[cfg_attr(all(), remote(rename = "enter"))]
    fn join(&self) {}
}

fn main() {}
