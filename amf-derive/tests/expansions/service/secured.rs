#[remoting_service(name = "accounts", logged_in)]
impl Accounts {
    fn mine(&self, principal: &Principal) -> Vec<Account> {}

    #[remote(role = "admin")]
    async fn delete(&self, name: String) -> Result<(), AccountError> {}

    #[remote(public, concurrent)]
    fn motto(&self) -> String {}
}
