use amf_core::AmfObject;

mod seconds {}

#[derive(AmfObject)]
struct Account {
    #[amf(with = "seconds")]
    id: u64,
}

fn main() {}
