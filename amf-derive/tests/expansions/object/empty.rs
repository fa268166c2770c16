#[derive(AmfObject)]
struct Ping {}
