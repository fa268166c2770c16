#[remoting_service(name = "game")]
impl Game {
    const LIMIT: u32 = 16;
    /// Borrowed parameters are the call's context.
    ///
    /// Owned ones arrive on the wire.
    async fn join(
        &self,
        user: &User,
        client: &Client,
        player: Player,
        room: Option<String>,
    ) -> Result<Room, GameError> {
        self.rooms.enter(user, client, player, room).await
    }
    #[remote(rename = "serverVersion", concurrent)]
    fn version(&self) -> u32 {
        7
    }
    fn leave(&self, _token: String) {}
}
