use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say<T: ToString>(&self, what: T) {
        let _ = what.to_string();
    }
}

fn main() {}
