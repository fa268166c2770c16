use amf_remoting::Fault;

#[derive(Fault)]
#[fault(code = "Game.RoomFull")]
enum GameError {
    #[fault(code = "Game.RoomFull")]
    RoomFull(String),
}

fn main() {}
