use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    fn room_list(&self) {}

    #[allow(non_snake_case)]
    fn roomList(&self) {}
}

fn main() {}
