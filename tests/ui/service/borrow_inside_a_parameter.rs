use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn say(&self, text: Option<&str>, list: Vec<(u32, &[u8])>) {
        let _ = (text, list);
    }
}

fn main() {}
