use amf_remoting::remote_client;

#[remote_client]
trait Events {
    async fn ping(&self, n: u32) -> u32;
}

fn main() {}
