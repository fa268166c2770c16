//! Writing of `.sol` files.

use std::sync::Arc;

use super::{FILE_TAG, MEMBER_END, PADDING, SIGNATURE, SolFile};
use crate::encoder::KeepAlive;
use crate::error::{EncodeError, EncodeErrorKind};
use crate::{Amf0Numbering, Encoder, OutputLimit, ToAmf, Version, amf0};

pub(super) fn file(sol: &SolFile, limit: OutputLimit) -> Result<Vec<u8>, EncodeError> {
    let header = header(sol)?;
    let around = FILE_TAG.len() + size_of::<u32>() + header.len() + sol.rest.len();
    let members = members(sol, limit, around)?;
    let length = header.len() + members.len();
    let Ok(declared) = u32::try_from(length) else {
        return Err(too_long("a shared object", length, u32::MAX as usize));
    };
    Ok([&FILE_TAG[..], &declared.to_be_bytes(), &header, &members, &sol.rest].concat())
}

/// Returns the bytes between the length and the members.
fn header(sol: &SolFile) -> Result<Vec<u8>, EncodeError> {
    let Ok(length) = u16::try_from(sol.name.len()) else {
        return Err(too_long("the name of a shared object", sol.name.len(), usize::from(u16::MAX)));
    };
    let version = match sol.version {
        Version::Amf0 => 0,
        Version::Amf3 => 3,
    };
    Ok([&SIGNATURE[..], &length.to_be_bytes(), sol.name.as_bytes(), &PADDING, &[version]].concat())
}

/// Returns the bytes of the members. Together with the bytes around them they are within the limit.
fn members(sol: &SolFile, limit: OutputLimit, around: usize) -> Result<Vec<u8>, EncodeError> {
    // Flash Player is the reader of the file, so its numbering applies.
    let encoder = Encoder::new(sol.version).with_reserved_output(limit, around);
    let mut encoder = encoder.with_amf0_numbering(Amf0Numbering::FLASH_PLAYER);
    if sol.version == Version::Amf0 {
        // The object that contains the members has index 0 of the table, but no bytes of its own.
        let data = &sol.data;
        let enter = |encoder: &mut Encoder| {
            encoder.register_object(Version::Amf0, amf0::marker::OBJECT);
            encoder.sol_members(sol)
        };
        encoder.write_shared(Arc::as_ptr(data).addr(), || KeepAlive::Arc(Arc::clone(data) as _), enter)?;
    } else {
        encoder.sol_members(sol)?;
    }
    encoder.finish()
}

impl Encoder {
    fn sol_members(&mut self, sol: &SolFile) -> Result<(), EncodeError> {
        for (name, value) in sol.data.members() {
            match sol.version {
                Version::Amf0 => self.amf0_name(name)?,
                Version::Amf3 => self.amf3_string(name)?,
            }
            value.to_amf(self)?;
            self.byte(MEMBER_END);
        }
        Ok(())
    }
}

fn too_long(what: &'static str, len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::Length { what, len, max })
}
