use amf_remoting::{CallError, Group, remote_client};

#[remote_client]
trait Events {
    async fn ping(&self, n: u32) -> Result<u32, CallError>;
}

async fn all(group: &Group) {
    let _ = group.ping(7).await;
}

fn main() {}
