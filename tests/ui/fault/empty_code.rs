use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    #[fault(code = "")]
    RoomFull(String),
}

fn main() {}
