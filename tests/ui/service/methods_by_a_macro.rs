use amf_remoting::remoting_service;

struct Game;

macro_rules! methods {
    () => {
        fn join(&self) {}
    };
}

#[remoting_service]
impl Game {
    methods!();
}

fn main() {}
