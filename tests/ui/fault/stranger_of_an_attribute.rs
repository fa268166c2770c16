use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(transparent)]
    RoomFull(String),
}

fn main() {}
