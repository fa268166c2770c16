use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn said(&self, what: &str);
    #[remote(rename = "said")]
    fn told(&self, what: &str);
}

fn main() {}
