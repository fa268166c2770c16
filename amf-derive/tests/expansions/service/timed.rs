#[remoting_service(name = "chess")]
impl Chess {
    #[remote(blocking, timeout = "1m")]
    fn best_move(&self, user: &User, board: Board) -> Result<Move, ChessError> {}

    #[remote(timeout = "none")]
    async fn next_move(&self) -> Move {}

    #[remote(timeout = "250ms", role = "player")]
    async fn sync(&self) {}
}
