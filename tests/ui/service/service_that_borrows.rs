use amf_remoting::remoting_service;

struct Game;

struct Shop<'a>(&'a str);

#[remoting_service]
impl<'a> Shop<'a> {}

fn main() {}
