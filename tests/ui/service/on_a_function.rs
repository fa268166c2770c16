use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
fn join() {}

fn main() {}
