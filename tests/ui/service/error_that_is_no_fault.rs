use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn read(&self) -> Result<String, std::io::Error> {
        std::fs::read_to_string("rooms")
    }
}

fn main() {}
