#[remote_client(crate = "framework::remoting")]
trait GameQueries {
    async fn ping(&self, n: u32) -> Result<u32, CallError>;
    fn moved<'a>(&'a self, r#type: &'a str);
}
