use amf_remoting::remote_client;

type Answer = u32;

#[remote_client]
trait Events {
    async fn ping(&self, n: u32) -> Answer;
}

fn main() {}
