#[derive(AmfObject)]
struct Page<'a, 'de, T, U: Clone = u32, const N: usize = 1>
where
    T: Ord,
{
    title: &'a str,
    text: Cow<'de, str>,
    items: Vec<T>,
    #[amf(skip)]
    cache: Option<U>,
}
