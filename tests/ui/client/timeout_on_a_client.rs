use amf_remoting::remote_client;

#[remote_client]
trait Events {
    #[remote(timeout = "5s")]
    fn said(&self, what: &str);
}

fn main() {}
