use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(message = "room {0} is full")]
    RoomFull(String),
}

fn main() {}
