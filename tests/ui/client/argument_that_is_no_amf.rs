use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn joined(&self, thread: &std::thread::Thread);
}

fn main() {}
