#[derive(AmfObject)]
#[amf(alias = "com.example.Player")]
struct Player {
    display_name: String,
    #[amf(rename = "hp")]
    health: u32,
    #[amf(default)]
    level: u32,
    #[amf(default = "defaults::lives")]
    lives: u32,
    #[amf(skip)]
    cached_rank: Option<u32>,
    #[amf(dynamic)]
    extra: DynamicMembers,
}
