use amf_remoting::remoting_service;

struct Game;

struct User<'a>(&'a str);

#[remoting_service]
impl Game {
    fn say(&self, user: &User<'_>) {
        let _ = user.0;
    }
}

fn main() {}
