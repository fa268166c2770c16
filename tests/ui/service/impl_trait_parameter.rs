use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, what: impl ToString) {
        let _ = what.to_string();
    }
}

fn main() {}
