use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {} is full")]
    RoomFull(String),
}

fn main() {}
