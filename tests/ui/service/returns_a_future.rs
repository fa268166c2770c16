use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn wait(&self) -> impl Future<Output = u32> {
        async { 7 }
    }
}

fn main() {}
