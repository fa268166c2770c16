use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", crate = "framework")]
    RoomFull(String),
}

fn main() {}
