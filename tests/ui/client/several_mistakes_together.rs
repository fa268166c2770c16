use amf_remoting::remote_client;

#[remote_client]
trait Events {
    const LIMIT: u32;
    fn joined(_name: &str) {}
    async fn ping(&mut self);
    #[remote(renam = "x")]
    fn count(&self) -> u32;
}

fn used(client: &mut amf_remoting::Client) {
    let _ = client.count();
    let _ = client.ping();
}

fn main() {}
