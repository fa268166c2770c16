use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {name} is full")]
    RoomFull,
}

fn main() {}
