use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {nam} is full")]
    RoomFull { name: String },
}

fn main() {}
