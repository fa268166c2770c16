//! Reading of `.sol` files.

use std::sync::Arc;

use super::{FILE_TAG, MEMBER_END, PADDING, SIGNATURE, SolFile};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::value::{DynamicMembers, Object, Value, WeakValue};
use crate::wire::Reader;
use crate::{Classes, DecodeOptions, Decoder, Version};

pub(super) fn file(
    input: &[u8],
    classes: &Arc<Classes>,
    options: DecodeOptions,
) -> Result<SolFile, DecodeError> {
    let end = end_of_data(input)?;
    let (data, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
    // The decoder receives the whole file, so that the offsets of errors are offsets in the file.
    let decoder = Decoder::new(Version::Amf0, data).with_classes(Arc::clone(classes));
    let mut decoder = decoder.with_options(options);
    let (name, version, data) = decoder.read_message(Decoder::sol_file)?;
    Ok(SolFile { name, version, data, rest: rest.to_vec() })
}

/// Returns the offset at which the data ends according to the declared length.
fn end_of_data(input: &[u8]) -> Result<usize, DecodeError> {
    let mut reader = Reader::new(input);
    expect(&mut reader, FILE_TAG, "a shared object begins with 00 BF")?;
    let length = reader.u32()? as usize;
    reader.clone().bytes(length)?;
    Ok(reader.position() + length)
}

fn expect<const N: usize>(
    reader: &mut Reader<'_>,
    expected: [u8; N],
    words: &'static str,
) -> Result<(), DecodeError> {
    let start = reader.position();
    if reader.array()? == expected { Ok(()) } else { Err(custom(words, start)) }
}

fn version(reader: &mut Reader<'_>) -> Result<Version, DecodeError> {
    let start = reader.position();
    match reader.u8()? {
        0 => Ok(Version::Amf0),
        3 => Ok(Version::Amf3),
        _ => Err(custom("the version of a shared object is 0 or 3", start)),
    }
}

#[cold]
fn custom(words: &'static str, offset: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Custom(words.into()), offset)
}

impl Decoder<'_> {
    /// Reads the data within the declared length, from the first byte of the file.
    fn sol_file(&mut self) -> Result<(String, Version, Arc<Object>), DecodeError> {
        self.reader.bytes(FILE_TAG.len() + size_of::<u32>())?;
        expect(&mut self.reader, SIGNATURE, "a shared object has the signature TCSO 00 04 00 00 00 00 here")?;
        let name = self.amf0_text()?.into_owned();
        expect(&mut self.reader, PADDING, "a shared object has 00 00 00 behind its name")?;
        let version = version(&mut self.reader)?;
        let data = self.sol_data(version)?;
        Ok((name, version, data))
    }

    /// Reads the members, up to the end of the data. In AMF0 the object that contains them has index 0.
    fn sol_data(&mut self, version: Version) -> Result<Arc<Object>, DecodeError> {
        if version == Version::Amf3 {
            self.mode = crate::decoder::Mode::Amf3;
            return self.sol_members().map(|members| Arc::new(members.into()));
        }
        let frame = self.open(version, self.offset())?;
        self.set_amf0_container(frame.slot.index, true);
        let mut failure = None;
        let data = Arc::new_cyclic(|weak| {
            let ancestor = Value::Ancestor(WeakValue::Object(weak.clone()));
            self.shared_objects.get_mut().values.insert(frame.slot, (ancestor, 0));
            let members = self.sol_members().unwrap_or_else(|error| {
                failure = Some(error);
                DynamicMembers::new()
            });
            Object::from(members)
        });
        self.close(frame);
        failure.map_or(Ok(data), Err)
    }

    fn sol_members(&mut self) -> Result<DynamicMembers, DecodeError> {
        let mut members = DynamicMembers::new();
        while !self.is_at_end() {
            let name = self.sol_name()?;
            self.charge(size_of::<(Arc<str>, Value)>())?;
            let value = self.read_value().map_err(|error| error.in_member(name.to_string()))?;
            expect(&mut self.reader, [MEMBER_END], "a member of a shared object ends with 00")?;
            members.insert(name, value);
        }
        Ok(members)
    }

    fn sol_name(&mut self) -> Result<Arc<str>, DecodeError> {
        let name = match self.mode {
            crate::decoder::Mode::Amf3 => self.amf3_text()?,
            _ => crate::decoder::WireString::inline(self.amf0_text()?),
        };
        self.interned_text(&name)
    }
}
