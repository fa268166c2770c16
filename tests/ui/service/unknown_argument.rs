use amf_remoting::remoting_service;

struct Game;

#[remoting_service(nam = "game")]
impl Game {}

fn main() {}
