use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self) -> Result<std::thread::Thread, amf_remoting::Fault> {
        Ok(std::thread::current())
    }
}

fn main() {}
