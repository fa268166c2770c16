use amf_remoting::remote_client;

#[remote_client]
trait Events {
    const LIMIT: u32;
    fn joined(&self, name: &str);
}

fn main() {}
