use amf_remoting::remote_client;

#[remote_client(name = "events")]
trait Events {}

fn main() {}
