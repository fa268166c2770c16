#[derive(AmfObject)]
#[amf(alias = "", renam_all = "camelCase")]
struct Broken {
    #[amf(renam = "x")]
    name: String,
}
