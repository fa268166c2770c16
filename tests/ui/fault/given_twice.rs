use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", code = "Game.Full")]
    RoomFull(String),
}

fn main() {}
