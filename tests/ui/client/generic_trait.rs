use amf_remoting::remote_client;

#[remote_client]
trait Events<T> {
    fn said(&self, what: &u32);
}

fn main() {}
