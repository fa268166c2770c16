use amf_remoting::Fault;

#[derive(Fault)]
enum GameError {
    RoomFull(String),
    #[fault(code = "", mesage = "room {0} is full")]
    RoomGone(String),
    #[fault(internal, detail = "{1}")]
    Storage(std::io::Error),
    #[fault(code = "Game.Late", message = "{when} {} {0}")]
    Late { minutes: u32 },
}

fn used(error: GameError) -> amf_remoting::Fault {
    error.into()
}

fn main() {}
