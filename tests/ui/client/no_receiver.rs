use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn joined(name: &str);
}

fn main() {}
