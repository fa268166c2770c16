use amf_remoting::remote_client;

#[remote_client]
trait Events {
    #[remote(concurrent)]
    fn said(&self, what: &str);
}

fn main() {}
