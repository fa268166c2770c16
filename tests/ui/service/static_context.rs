use amf_remoting::remoting_service;

struct Game;

struct User;

#[remoting_service]
impl Game {
    fn say(&self, user: &'static User) {
        let _ = user;
    }
}

fn main() {}
