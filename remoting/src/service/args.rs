//! The arguments of a call, decoded one after another from the request's bytes.

use std::sync::Arc;

use amf_core::{Amf0Numbering, Classes, DecodeError, DecodeOptions, Decoder, FromAmf, ListReader};

use super::BeginArguments;
use super::fault::{Fault, code};
use super::method::Parameter;
use crate::metrics;

/// How a transport lays out a list of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgumentsForm {
    /// One array that holds them all: a remoting packet.
    Array,
    /// One value after another: an RTMP command.
    Sequence,
}

/// The arguments of a call within a larger value, as a [`BeginArguments`] found them.
#[derive(Debug)]
#[non_exhaustive]
pub enum ArgumentList<'de> {
    /// This many values, one after another.
    Values(usize),
    /// The elements of a list in any form that [`Decoder::begin_list`] opens. They must come in order.
    Items(ListReader<'de>),
}

/// The arguments of one call; a method's expansion takes them in order.
#[derive(Debug)]
pub struct Arguments<'de> {
    decoder: Decoder<'de>,
    /// How many there are, where that is said; else there are as many as there are values.
    sent_count: Option<usize>,
    taken_count: usize,
    /// The list that they are elements of, where it has to be asked for each of them. Boxed, since few calls have one.
    list: Option<Box<ListReader<'de>>>,
    /// Whether the bytes end with the last argument.
    ends_with_last: bool,
    /// Whether an argument could not be read.
    is_unreadable: bool,
}

impl<'de> Arguments<'de> {
    /// Arguments of which nothing has been decoded. They are begun in place: a `Result` of them would be moved with
    /// the decoder's tables, twice for each call.
    #[inline]
    pub(super) fn new(bytes: &'de [u8], classes: &Arc<Classes>, options: DecodeOptions) -> Self {
        Self {
            decoder: decoder(bytes, classes, options),
            sent_count: None,
            taken_count: 0,
            list: None,
            ends_with_last: true,
            is_unreadable: false,
        }
    }

    /// Sets the numbering of AMF0 references that is tried first.
    #[inline]
    pub(super) fn prefer_amf0_numbering(&mut self, numbering: Amf0Numbering) {
        amf_core::__private::prefer_amf0_numbering(&mut self.decoder, numbering);
    }

    /// Goes back to the first byte if arguments could not be read and may be readable under another numbering of AMF0
    /// references. Otherwise returns `false`.
    pub(super) fn restart(&mut self) -> bool {
        if !self.is_unreadable || !self.decoder.restart_under_next_numbering() {
            return false;
        }
        (self.sent_count, self.taken_count, self.list) = (None, 0, None);
        (self.ends_with_last, self.is_unreadable) = (true, false);
        true
    }

    /// Size in memory of what was decoded, in bytes.
    #[inline]
    pub(super) fn decoded_memory(&self) -> usize {
        amf_core::__private::decoded_memory(&self.decoder)
    }

    /// The numbering that the caller showed.
    pub(super) fn shown_amf0_numbering(&self) -> Option<Amf0Numbering> {
        self.decoder.shown_amf0_numbering()
    }

    #[cold]
    fn unreadable(&mut self, fault: Fault) -> Fault {
        self.is_unreadable = true;
        fault
    }

    /// Goes to the first argument, and checks their number against the parameters before anything is decoded, where it
    /// is said.
    #[inline]
    pub(super) fn begin(
        &mut self,
        bytes: &[u8],
        form: ArgumentsForm,
        preceding: usize,
        parameters: &[Parameter],
    ) -> Result<(), Fault> {
        self.go_to_first(bytes, form, preceding, parameters).map_err(|fault| self.unreadable(fault))
    }

    #[inline]
    fn go_to_first(
        &mut self,
        bytes: &[u8],
        form: ArgumentsForm,
        preceding: usize,
        parameters: &[Parameter],
    ) -> Result<(), Fault> {
        skip_values(&mut self.decoder, preceding).map_err(|error| decode_fault(&error))?;
        let sent = match form {
            ArgumentsForm::Array if parameters.is_empty() && is_null_or_undefined(bytes) => {
                self.decoder.skip().map_err(|error| decode_fault(&error))?;
                0
            }
            ArgumentsForm::Array => self.decoder.begin_arguments().map_err(|error| decode_fault(&error))?,
            ArgumentsForm::Sequence => return Ok(()),
        };
        self.sent_count = Some(sent);
        check_count(sent, parameters)
    }

    /// The same for arguments that stand within a larger value, where `begin` goes.
    pub(super) fn begin_within(
        &mut self,
        begin: BeginArguments,
        parameters: &[Parameter],
    ) -> Result<(), Fault> {
        self.go_within(begin, parameters).map_err(|fault| self.unreadable(fault))
    }

    fn go_within(&mut self, begin: BeginArguments, parameters: &[Parameter]) -> Result<(), Fault> {
        self.ends_with_last = false;
        match begin(&mut self.decoder).map_err(|error| decode_fault(&error))? {
            ArgumentList::Values(sent) => self.sent_count = Some(sent),
            // Of an associative array the number of elements is known at its end only.
            ArgumentList::Items(list) => {
                self.sent_count = Some(list.declared_len()).filter(|sent| *sent > 0);
                self.list = Some(Box::new(list));
            }
        }
        self.sent_count.map_or(Ok(()), |sent| check_count(sent, parameters))
    }

    /// The next argument; where none was sent, what `T` is when it is missing.
    pub fn next<T: for<'a> FromAmf<'a>>(&mut self, name: &'static str) -> Result<T, Fault> {
        let has_next = self.has_next();
        if !has_next.map_err(|error| self.argument_fault(error, self.taken_count + 1, name))? {
            return T::missing()
                .ok_or_else(|| wrong_count(self.taken_count, &(self.taken_count + 1).to_string()));
        }
        self.taken_count += 1;
        T::from_amf(&mut self.decoder).map_err(|error| self.argument_fault(error, self.taken_count, name))
    }

    #[cold]
    fn argument_fault(&mut self, error: DecodeError, number: usize, name: &'static str) -> Fault {
        self.unreadable(decode_fault(&error.in_argument(number, name)))
    }

    #[inline]
    fn has_next(&mut self) -> Result<bool, DecodeError> {
        match (&mut self.list, self.sent_count) {
            (None, Some(sent)) => Ok(self.taken_count < sent),
            (None, None) => Ok(!self.decoder.is_at_end()),
            (Some(_), _) => self.has_next_item(),
        }
    }

    #[cold]
    fn has_next_item(&mut self) -> Result<bool, DecodeError> {
        let Some(list) = &mut self.list else { return Ok(false) };
        match self.decoder.next_item(list)? {
            Some(index) if index != self.taken_count => Err(self.decoder.custom_error(format!(
                "expected the arguments in order, got number {index} after {} others",
                self.taken_count
            ))),
            item => Ok(item.is_some()),
        }
    }

    /// The number of elements of a list that nobody has taken.
    #[cold]
    fn skip_items(&mut self) -> Result<usize, DecodeError> {
        let mut count = 0;
        while let Some(list) = &mut self.list
            && self.decoder.next_item(list)?.is_some()
        {
            self.decoder.skip()?;
            count += 1;
        }
        Ok(count)
    }

    /// An error where bytes are left: then the caller meant something else than what was read.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.check_end().map_err(|fault| self.unreadable(fault))
    }

    #[inline]
    fn check_end(&mut self) -> Result<(), Fault> {
        if self.list.is_some() && self.sent_count.is_none() {
            let left = self.skip_items().map_err(|error| decode_fault(&error))?;
            self.sent_count = Some(self.taken_count + left);
        }
        if let Some(sent) = self.sent_count.filter(|sent| self.taken_count < *sent) {
            return Err(wrong_count(sent, &self.taken_count.to_string()));
        }
        if self.ends_with_last && !self.decoder.is_at_end() {
            let message =
                format!("bytes are left after the last argument (at byte {})", self.decoder.offset());
            return Err(Fault::new(code::MESSAGE_ENCODING, message));
        }
        Ok(())
    }
}

#[inline]
fn decoder<'de>(bytes: &'de [u8], classes: &Arc<Classes>, options: DecodeOptions) -> Decoder<'de> {
    amf_core::__private::decoder_for_arguments(bytes, classes, options)
}

/// Some clients send null or undefined, not an empty array, where there are no arguments.
fn skip_values(decoder: &mut Decoder<'_>, count: usize) -> Result<(), DecodeError> {
    for _ in 0..count {
        if !decoder.is_at_end() {
            decoder.skip()?;
        }
    }
    Ok(())
}

fn is_null_or_undefined(bytes: &[u8]) -> bool {
    matches!(bytes, [0x05 | 0x06] | [0x11, 0x00 | 0x01])
}

/// Whether what is wrong with a sequence is the number of its values, which nobody counts while all goes well.
#[cold]
pub(super) fn check_sequence_count(
    bytes: &[u8],
    preceding: usize,
    classes: &Arc<Classes>,
    options: DecodeOptions,
    parameters: &[Parameter],
) -> Option<Fault> {
    // Only the number of values is wanted.
    let mut decoder = decoder(bytes, classes, options).with_any_amf0_numbering();
    skip_values(&mut decoder, preceding).ok()?;
    let mut count = 0;
    while !decoder.is_at_end() {
        decoder.skip().ok()?;
        count += 1;
    }
    check_count(count, parameters).err()
}

fn check_count(sent: usize, parameters: &[Parameter]) -> Result<(), Fault> {
    let most = parameters.len();
    let least = parameters.iter().rposition(|parameter| !parameter.is_optional()).map_or(0, |last| last + 1);
    if (least..=most).contains(&sent) {
        Ok(())
    } else if least == most {
        Err(wrong_count(sent, &most.to_string()))
    } else {
        Err(wrong_count(sent, &format!("{least} to {most}")))
    }
}

#[cold]
fn wrong_count(sent: usize, expected: &str) -> Fault {
    Fault::new(code::WRONG_ARGUMENT_COUNT, format!("{sent} arguments were sent but {expected} were expected"))
}

#[cold]
fn decode_fault(error: &DecodeError) -> Fault {
    metrics::record_decode_limit(error);
    Fault::unreadable_arguments(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open<'a>(
        bytes: &'a [u8],
        form: ArgumentsForm,
        parameters: &[Parameter],
    ) -> Result<Arguments<'a>, Fault> {
        let mut arguments = Arguments::new(bytes, &Arc::default(), DecodeOptions::default());
        arguments.begin(bytes, form, 0, parameters).map(|()| arguments)
    }

    const TWO: &[Parameter] =
        &[Parameter::new::<String>("a", "String"), Parameter::new::<Option<f64>>("b", "Option<f64>")];

    #[test]
    fn a_sequence_has_as_many_arguments_as_values() {
        // 02 string "x"; 00 number 1.0
        let bytes = b"\x02\0\x01x\0\x3F\xF0\0\0\0\0\0\0";
        let mut arguments = open(bytes, ArgumentsForm::Sequence, TWO).unwrap();
        assert_eq!(arguments.next::<String>("a").unwrap(), "x");
        assert_eq!(arguments.next::<Option<f64>>("b").unwrap(), Some(1.0));
        arguments.finish().unwrap();

        let mut arguments = open(&bytes[..4], ArgumentsForm::Sequence, TWO).unwrap();
        assert_eq!(arguments.next::<String>("a").unwrap(), "x");
        assert_eq!(arguments.next::<Option<f64>>("b").unwrap(), None);
        arguments.finish().unwrap();

        for cut in 5..bytes.len() {
            let mut arguments = open(&bytes[..cut], ArgumentsForm::Sequence, TWO).unwrap();
            arguments.next::<String>("a").unwrap();
            let fault = arguments.next::<Option<f64>>("b").unwrap_err();
            assert_eq!(fault.code(), code::MESSAGE_ENCODING);
        }
        let fault = open(b"", ArgumentsForm::Sequence, TWO).unwrap().next::<String>("a").unwrap_err();
        assert_eq!(fault.code(), code::WRONG_ARGUMENT_COUNT);
    }

    #[test]
    fn a_switched_value_of_a_sequence() {
        // 11 switch, 06 string, 03 = 1 byte, "x"
        let mut arguments = open(b"\x11\x06\x03x", ArgumentsForm::Sequence, TWO).unwrap();
        assert_eq!(arguments.next::<String>("a").unwrap(), "x");
    }

    #[test]
    fn a_bare_value_is_one_argument() {
        let mut arguments = open(b"\x02\0\x01x", ArgumentsForm::Array, TWO).unwrap();
        assert_eq!(arguments.next::<String>("a").unwrap(), "x");
        arguments.finish().unwrap();
    }

    #[test]
    fn trailing_bytes_are_a_fault() {
        // a strict array (0A) of one string, and a null (05) behind it
        let mut arguments = open(b"\x0A\0\0\0\x01\x02\0\x01x\x05", ArgumentsForm::Array, TWO).unwrap();
        assert!(arguments.finish().is_err(), "one was not taken");
        arguments.next::<String>("a").unwrap();
        let fault = arguments.finish().unwrap_err();
        assert_eq!(fault.message(), "bytes are left after the last argument (at byte 9)");
    }
}
