#[remote_client]
trait Broken {
    const LIMIT: u32;
    fn no_receiver(n: u32);
    async fn no_answer(&self);
}
