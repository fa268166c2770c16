use amf_core::AmfObject;

#[derive(AmfObject)]
struct Account {
    #[amf(as = "string")]
    id: bool,
}

fn main() {}
