#[derive(AmfObject)]
#[amf(alias = "com.example.Player", also = "old.Player", deny_unknown)]
struct Player<T> {
    team: u32,
    #[amf(flatten)]
    entity: Entity,
    #[amf(flatten, default)]
    state: State<T>,
    #[amf(also = "health")]
    hp: u32,
    #[amf(as = "string")]
    account: Option<u64>,
    #[amf(with = "seconds", default)]
    since: Seconds,
    #[amf(skip)]
    cached: u32,
}
