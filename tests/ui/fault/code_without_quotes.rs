use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = Game.RoomFull)]
    RoomFull(String),
}

fn main() {}
