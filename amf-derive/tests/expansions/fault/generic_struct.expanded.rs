#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'a, T: Clone> ::core::convert::From<Refused<'a, T>> for framework::remoting::Fault
where
    T: 'a,
    T: ::core::fmt::Display,
{
    fn from(__error: Refused<'a, T>) -> Self {
        match __error {
            Refused { reason: __field_reason, .. } => {
                framework::remoting::Fault::new(
                    "Game.Refused",
                    ::std::format!(
                        "refused: {__field_reason}", __field_reason = __field_reason
                    ),
                )
            }
        }
    }
}
