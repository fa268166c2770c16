use amf_remoting::Fault;

#[derive(Fault)]
struct RoomFull(String);

fn main() {}
