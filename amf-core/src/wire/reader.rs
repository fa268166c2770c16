//! Reader of borrowed input. Every read is checked, and every error has an offset.

use crate::error::{DecodeError, DecodeErrorKind};

/// Reader with a position in its input.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'de> {
    input: &'de [u8],
    rest: &'de [u8],
}

impl<'de> Reader<'de> {
    pub(crate) fn new(input: &'de [u8]) -> Self {
        Self { input, rest: input }
    }

    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.input.len() - self.rest.len()
    }

    /// Moves to a position that this reader returned before.
    #[inline]
    pub(crate) fn seek(&mut self, position: usize) {
        self.rest = self.input.get(position..).unwrap_or_default();
    }

    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> &'de [u8] {
        self.input.get(start..end).unwrap_or_default()
    }

    /// Returns the whole input.
    pub(crate) fn input(&self) -> &'de [u8] {
        self.input
    }

    /// Returns the bytes that were not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// Moves to the start of `rest`, which must be the end of [`rest`](Self::rest).
    #[inline]
    pub(crate) fn advance_to(&mut self, rest: &'de [u8]) {
        self.rest = rest;
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        match self.rest {
            [byte, rest @ ..] => {
                self.rest = rest;
                Ok(*byte)
            }
            [] => Err(self.unexpected_end(1)),
        }
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'de [u8], DecodeError> {
        match self.rest.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.unexpected_end(count)),
        }
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(self.unexpected_end(N)),
        }
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn f64(&mut self) -> Result<f64, DecodeError> {
        self.array().map(f64::from_be_bytes)
    }

    #[cold]
    #[inline(never)]
    fn unexpected_end(&self, needed: usize) -> DecodeError {
        let kind = DecodeErrorKind::UnexpectedEnd { missing: needed.saturating_sub(self.remaining()) };
        DecodeError::new(kind, self.position())
    }
}
