use amf_core::AmfObject;

#[derive(AmfObject)]
struct Account {
    #[amf(as = "string", with = "amf_core::as_double")]
    id: u64,
}

fn main() {}
