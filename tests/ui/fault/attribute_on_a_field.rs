use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull")]
    RoomFull(#[fault(internal)] String),
}

fn main() {}
