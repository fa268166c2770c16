//! The bodies of messages, of which little is read before it is known what they are for.

use amf_core::{DecodeError, Decoder, EncodeError, Encoder, FromAmf, Member, ToAmf, Value};

use crate::service::{ArgumentList, BeginArguments};

/// The member of the message that holds the arguments.
const BODY: &str = "body";

const ARRAY_COLLECTION: &str = "flex.messaging.io.ArrayCollection";
const ARRAY_LIST: &str = "flex.messaging.io.ArrayList";

/// AMF0's marker of an ECMA array (AMF0 §2.10).
const ECMA_ARRAY: u8 = 0x08;

/// The form of the `body` of a call.
///
/// Nothing of it is decoded here: a client may send calls of methods that do not exist, and 190 kB of references are
/// hundreds of megabytes of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgumentsBody {
    /// An array, or one argument without one.
    Plain,
    /// An `ArrayCollection` or an `ArrayList`.
    Collection,
    /// Something at this offset whose names are indices in order: a list if it is an ECMA array, the form in which
    /// Flash Player sends an array in AMF0; otherwise an argument.
    Indexed { offset: usize },
}

impl<'de> FromAmf<'de> for ArgumentsBody {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let offset = decoder.offset();
        match decoder.peek_alias()?.as_deref() {
            Some("") => {
                let is_indexed = skip_object(decoder)?;
                Ok(if is_indexed { Self::Indexed { offset } } else { Self::Plain })
            }
            Some(ARRAY_COLLECTION | ARRAY_LIST) => decoder.skip().map(|()| Self::Collection),
            _ => decoder.skip().map(|()| Self::Plain),
        }
    }
}

/// The body of a command, of which only a text is kept: the credentials of a login.
#[derive(Debug, Default)]
pub(super) struct CommandBody(pub(super) Option<String>);

impl<'de> FromAmf<'de> for CommandBody {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        if decoder.peek_alias()?.is_some() {
            return decoder.skip().map(|()| Self(None));
        }
        // All commands of a packet are read before the first is answered, so the value itself must not stay.
        let value = Value::from_amf(decoder)?;
        Ok(Self(value.as_str().map(str::to_owned)))
    }
}

impl ToAmf for CommandBody {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.0.to_amf(encoder)
    }
}

/// A body that is passed over.
#[derive(Debug)]
pub(super) struct SkippedBody;

impl<'de> FromAmf<'de> for SkippedBody {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.skip().map(|()| Self)
    }
}

impl ToAmf for SkippedBody {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.null();
        Ok(())
    }
}

/// Passes over an object, and says whether its names are indices in order.
fn skip_object(decoder: &mut Decoder<'_>) -> Result<bool, DecodeError> {
    let mut object = decoder.begin_map()?;
    let (mut is_indexed, mut count) = (true, 0_usize);
    while let Some(member) = decoder.next_member(&mut object)? {
        is_indexed = is_indexed && matches!(member, Member::Unknown(name) if *name == *count.to_string());
        count += 1;
        decoder.skip()?;
    }
    Ok(is_indexed)
}

impl ArgumentsBody {
    /// Returns the function that goes to the arguments in the bytes of the packet's message.
    pub(super) fn begin_arguments(self, message: &[u8]) -> BeginArguments {
        let is_list = match self {
            Self::Plain => false,
            Self::Collection => true,
            // In AMF3 this byte begins a date, which has no members.
            Self::Indexed { offset } => message.get(offset) == Some(&ECMA_ARRAY),
        };
        if is_list { begin_items } else { begin_values }
    }
}

fn begin_values<'de>(decoder: &mut Decoder<'de>) -> Result<ArgumentList<'de>, DecodeError> {
    go_to_body(decoder)?;
    decoder.begin_arguments().map(ArgumentList::Values)
}

fn begin_items<'de>(decoder: &mut Decoder<'de>) -> Result<ArgumentList<'de>, DecodeError> {
    go_to_body(decoder)?;
    decoder.begin_list().map(ArgumentList::Items)
}

/// Goes to the body of the one message that stands in the array.
fn go_to_body(decoder: &mut Decoder<'_>) -> Result<(), DecodeError> {
    decoder.begin_arguments()?;
    let mut object = decoder.begin_map()?;
    while let Some(member) = decoder.next_member(&mut object)? {
        if matches!(member, Member::Unknown(found) if found == BODY) {
            return Ok(());
        }
        decoder.skip()?;
    }
    Err(decoder.custom_error(format!("the arguments are missing: there is no member `{BODY}`")))
}
