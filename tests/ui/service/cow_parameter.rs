use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, text: std::borrow::Cow<'_, str>) {
        let _ = text;
    }
}

fn main() {}
