use amf_remoting::{CallError, remote_client};

#[remote_client]
trait Events {
    async fn thread(&self) -> Result<std::thread::Thread, CallError>;
}

fn main() {}
