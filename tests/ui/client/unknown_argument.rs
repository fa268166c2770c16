use amf_remoting::remote_client;

#[remote_client(nam = "events")]
trait Events {}

fn main() {}
