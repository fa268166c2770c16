#[derive(Fault)]
#[fault(code = "Game.Refused", message = "refused: {reason}", crate = "framework::remoting")]
struct Refused<'a, T: Clone>
where
    T: 'a,
{
    reason: T,
    by: &'a str,
}
