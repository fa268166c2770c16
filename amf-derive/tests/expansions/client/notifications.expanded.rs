pub(crate) trait GameEvents: Send + Sync {
    /// Reports that a player joined.
    fn player_joined(&self, player: &Player);
    #[cfg(feature = "chat")]
    fn said(&self, from: &str, text: String) -> Result<(), CallError>;
    fn closed(&self);
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl GameEvents for ::amf_remoting::Client {
    fn player_joined(&self, player: &Player) {
        ::amf_remoting::__private::log_failed_notification(
            "playerJoined",
            ::amf_remoting::Client::notify(self, "playerJoined", (player,)),
        )
    }
    #[cfg(feature = "chat")]
    fn said(&self, from: &str, text: String) -> Result<(), CallError> {
        ::amf_remoting::Client::notify(self, "onSaid", (from, text))
    }
    fn closed(&self) {
        ::amf_remoting::__private::log_failed_notification(
            "closed",
            ::amf_remoting::Client::notify(self, "closed", ()),
        )
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl GameEvents for ::amf_remoting::Group {
    fn player_joined(&self, player: &Player) {
        ::amf_remoting::__private::log_failed_notification(
            "playerJoined",
            ::amf_remoting::Group::notify(self, "playerJoined", (player,)),
        )
    }
    #[cfg(feature = "chat")]
    fn said(&self, from: &str, text: String) -> Result<(), CallError> {
        ::amf_remoting::Group::notify(self, "onSaid", (from, text))
    }
    fn closed(&self) {
        ::amf_remoting::__private::log_failed_notification(
            "closed",
            ::amf_remoting::Group::notify(self, "closed", ()),
        )
    }
}
