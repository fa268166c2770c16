use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "")]
    RoomFull(String),
}

fn main() {}
