use amf_remoting::remoting_service;

struct Game;

#[remoting_service("game")]
impl Game {}

fn main() {}
