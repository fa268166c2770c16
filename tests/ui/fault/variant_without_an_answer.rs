use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    RoomFull(String),
}

fn main() {}
