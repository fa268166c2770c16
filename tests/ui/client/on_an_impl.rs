use amf_remoting::remote_client;

struct Events;

#[remote_client]
impl Events {}

fn main() {}
