use amf_core::AmfObject;

#[derive(AmfObject)]
struct Account {
    #[amf(with = "my module")]
    id: u64,
}

fn main() {}
