//! The arguments of a call, which are not read before its method is known.

use amf_core::{DecodeError, Decoder, EcmaArray, FromAmf, Value};

/// The `body` of a call.
#[derive(Debug)]
pub(super) enum ArgumentsBody {
    /// An array, or one argument without one. The method's decoder goes there.
    InPlace,
    /// A list of another form.
    Items(Vec<Value>),
}

impl<'de> FromAmf<'de> for ArgumentsBody {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        if decoder.peek_alias()?.is_none() {
            decoder.skip()?;
            return Ok(Self::InPlace);
        }
        let value = Value::from_amf(decoder)?;
        Ok(items(&value).map_or(Self::InPlace, Self::Items))
    }
}

/// The elements of an `ArrayCollection`, or of the ECMA array as which Flash Player sends an array in AMF0. Any
/// other object is an argument.
fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::External(external) => external.as_list().map(<[Value]>::to_vec),
        Value::EcmaArray(array) => dense(array),
        _ => None,
    }
}

fn dense(array: &EcmaArray) -> Option<Vec<Value>> {
    let members = array.members.iter().enumerate();
    members.map(|(index, (name, value))| (name == index.to_string()).then(|| value.clone())).collect()
}
