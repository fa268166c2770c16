use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
struct Shop;

fn main() {}
