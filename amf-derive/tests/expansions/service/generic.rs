#[remoting_service]
#[cfg(feature = "games")]
impl<S: Store + Send + Sync + 'static, const N: usize> arcade::HTTPGames<S, N>
where
    S::Key: Send,
{
    #[doc = include_str!("list.md")]
    #[cfg(unix)]
    #[expect(clippy::unused_async)]
    pub async fn r#match<'a>(&'a self, r#type: String, mut context: Vec<S::Item>) -> &'a str {
        context.clear();
        &self.name
    }
}
