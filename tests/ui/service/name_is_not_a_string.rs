use amf_remoting::remoting_service;

struct Game;

#[remoting_service(name = game)]
impl Game {}

fn main() {}
