#[derive(AmfObject)]
struct Id(#[amf(as = "string")] u64);

#[derive(AmfObject)]
struct Names<T>(Vec<T>, #[amf(skip)] PhantomData<T>);

#[derive(AmfObject)]
#[amf(transparent, bound = "T: FromAmf<'de> + ToAmf + Ord")]
struct Tags<T> {
    tags: BTreeSet<T>,
}

#[derive(AmfObject)]
struct Point(i32, f64);

#[derive(AmfObject)]
#[amf(alias = "com.example.Ping")]
struct Ping;
