#[derive(RemotingAmfObject)]
#[amf(default, rename_all = "PascalCase")]
struct Settings {
    volume: f64,
    #[amf(default)]
    muted: bool,
    #[amf(skip)]
    dirty: bool,
}
