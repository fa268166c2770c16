#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {0} is full", detail = "{1:>8} of {1:?} wait {{here}}")]
    RoomFull(String, u32),
    #[fault(code = "Game.NotFound")]
    PlayerNotFound,
    #[fault(code = "Game.Type", message = "{type} is {name:width$}, not {{this}}")]
    Wrong { r#type: String, name: String, width: usize, hidden: u8 },
    #[fault(internal)]
    Db(DbError),
    #[fault(internal)]
    Io { path: PathBuf, source: Error },
    #[fault(internal)]
    Poisoned,
}
