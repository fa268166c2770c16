use amf_core::AmfObject;

#[derive(AmfObject)]
struct Account {
    #[amf(as = "number")]
    id: u64,
}

fn main() {}
