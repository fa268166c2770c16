use amf_remoting::remote_client;

#[remote_client]
trait Events {
    fn said<T>(&self, what: &u32);
}

fn main() {}
