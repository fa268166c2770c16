use amf_remoting::remoting_service;

trait Rooms {}

#[remoting_service]
impl dyn Rooms {
    fn join(&self) {}
}

fn main() {}
