#[remote_client]
pub(crate) trait GameEvents: Send + Sync {
    /// Reports that a player joined.
    fn player_joined(&self, player: &Player);
    #[cfg(feature = "chat")]
    #[remote(rename = "onSaid")]
    fn said(&self, from: &str, text: String) -> Result<(), CallError>;
    fn closed(&self);
}
