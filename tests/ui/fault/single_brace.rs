use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room 0} is full")]
    RoomFull(String),
}

fn main() {}
