#[derive(AmfObject)]
#[amf(alias = "com.example.Money", externalizable)]
struct Money(i64);
