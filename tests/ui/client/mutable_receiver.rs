use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn joined(&mut self, name: &str);
}

fn main() {}
