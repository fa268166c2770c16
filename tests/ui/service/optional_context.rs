use amf_remoting::remoting_service;

struct Game;

struct User;

#[remoting_service]
impl Game {
    fn say(&self, user: Option<&User>) {
        let _ = user;
    }
}

fn main() {}
