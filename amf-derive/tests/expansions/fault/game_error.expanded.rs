#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::core::convert::From<GameError> for ::amf_remoting::Fault {
    fn from(__error: GameError) -> Self {
        match __error {
            GameError::RoomFull { 0: __field_0, 1: __field_1, .. } => {
                ::amf_remoting::Fault::new(
                        "Game.RoomFull",
                        ::std::format!("room {__field_0} is full", __field_0 = __field_0),
                    )
                    .with_detail(
                        ::std::format!(
                            "{__field_1:>8} of {__field_1:?} wait {{here}}", __field_1 =
                            __field_1
                        ),
                    )
            }
            GameError::PlayerNotFound { .. } => {
                ::amf_remoting::Fault::new("Game.NotFound", "player not found")
            }
            GameError::Wrong {
                r#type: __field_type,
                name: __field_name,
                width: __field_width,
                ..
            } => {
                ::amf_remoting::Fault::new(
                    "Game.Type",
                    ::std::format!(
                        "{__field_type} is {__field_name:__field_width$}, not {{this}}",
                        __field_type = __field_type, __field_name = __field_name,
                        __field_width = __field_width
                    ),
                )
            }
            GameError::Db { 0: __field_0 } => {
                ::amf_remoting::Fault::internal(
                    ::core::format_args!(
                        "GameError::Db: {__field_0:?}", __field_0 = __field_0
                    ),
                )
            }
            GameError::Io { path: __field_path, source: __field_source } => {
                ::amf_remoting::Fault::internal(
                    ::core::format_args!(
                        "GameError::Io: path: {__field_path:?}, source: {__field_source:?}",
                        __field_path = __field_path, __field_source = __field_source
                    ),
                )
            }
            GameError::Poisoned {} => {
                ::amf_remoting::Fault::internal("GameError::Poisoned")
            }
        }
    }
}
