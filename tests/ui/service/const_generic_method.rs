use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say<const N: usize>(&self, what: [u32; N]) {
        let _ = what;
    }
}

fn main() {}
