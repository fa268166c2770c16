use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn move_to(&self, (x, y): (f64, f64)) {
        let _ = x + y;
    }
}

fn main() {}
