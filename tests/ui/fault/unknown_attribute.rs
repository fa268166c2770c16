use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(cod = "Game.RoomFull")]
    RoomFull(String),
}

fn main() {}
