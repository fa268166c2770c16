use amf_remoting::{CallError, remote_client};

#[remote_client]
trait Events {
    fn ping(&self, n: u32) -> Result<u32, CallError>;
}

fn main() {}
