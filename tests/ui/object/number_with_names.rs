use amf_core::AmfObject;

#[derive(AmfObject)]
#[amf(number, rename_all = "camelCase")]
enum Level {
    #[amf(rename = "low")]
    Low = 1,
}

fn main() {}
