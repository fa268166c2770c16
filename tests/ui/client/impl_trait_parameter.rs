use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn said(&self, what: &impl ToString);
}

fn main() {}
