#[derive(AmfObject)]
#[amf(crate = "framework::amf")]
pub struct r#Type {
    r#type: String,
    decoder: u8,
    #[amf(rename = "__decoder")]
    __decoder: u8,
    #[allow(non_snake_case)]
    alreadyCamel: bool,
}
