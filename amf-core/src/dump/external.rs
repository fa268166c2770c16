//! Bodies of externalizable objects. The wire does not declare the end of a body, so only the classes of Flex itself
//! can be read here.

use super::walker::{Label, Step, StopReason, Walker};
use crate::Version;
use crate::error::{DecodeError, DecodeErrorKind};

/// Bit of a byte of flags: another byte of flags follows.
const MORE_FLAGS_FOLLOW: u8 = 0x80;

/// Fields that one class adds to a small message: a name for each bit, by byte of flags.
type FlagNames = &'static [&'static [&'static str]];

const ABSTRACT_MESSAGE: FlagNames = &[
    &["body", "clientId", "destination", "headers", "messageId", "timestamp", "timeToLive"],
    &["clientId (bytes)", "messageId (bytes)"],
];
const ASYNC_MESSAGE: FlagNames = &[&["correlationId", "correlationId (bytes)"]];
const COMMAND_MESSAGE: FlagNames = &[&["operation"]];
const ACKNOWLEDGE_MESSAGE: FlagNames = &[];

/// Small message of BlazeDS. Each class, from the base class on, writes its flags and then a value for each flag that
/// is set.
#[derive(Debug)]
pub(super) struct SmallMessage {
    classes: &'static [FlagNames],
    /// Fields that the flags announced and that were not read yet, the next one last.
    pending_fields: Vec<&'static str>,
}

impl SmallMessage {
    fn of(alias: &str) -> Option<Self> {
        let classes: &'static [FlagNames] = match alias {
            "DSA" => &[ABSTRACT_MESSAGE, ASYNC_MESSAGE],
            "DSC" => &[ABSTRACT_MESSAGE, ASYNC_MESSAGE, COMMAND_MESSAGE],
            "DSK" => &[ABSTRACT_MESSAGE, ASYNC_MESSAGE, ACKNOWLEDGE_MESSAGE],
            _ => return None,
        };
        Some(Self { classes, pending_fields: Vec::new() })
    }
}

impl Walker<'_, '_> {
    pub(super) fn external(&mut self, alias: &str, depth: usize, indent: usize) -> Result<(), StopReason> {
        let step = match alias {
            "flex.messaging.io.ArrayCollection"
            | "flex.messaging.io.ArrayList"
            | "flex.messaging.io.ObjectProxy" => Step::Single(Version::Amf3, Label::None),
            "flex.messaging.io.ManagedObjectProxy" => {
                self.begin(indent + 1);
                let count = self.reader.u32()? as usize;
                self.append(format_args!("{count} names and values"));
                self.end()?;
                Step::Pairs { next: 0, count: count.saturating_mul(2) }
            }
            _ => {
                let unknown = || {
                    let kind = DecodeErrorKind::UnknownExternalizable { alias: alias.to_owned() };
                    DecodeError::new(kind, self.reader.position())
                };
                Step::SmallMessage(SmallMessage::of(alias).ok_or_else(unknown)?)
            }
        };
        self.push_inner_step(depth, indent, step);
        Ok(())
    }

    /// Returns the name of the next value in a small message.
    pub(super) fn next_small_field(
        &mut self,
        small: &mut SmallMessage,
        indent: usize,
    ) -> Result<Option<&'static str>, StopReason> {
        while small.pending_fields.is_empty() {
            let Some((names, classes)) = small.classes.split_first() else { return Ok(None) };
            small.classes = classes;
            small.pending_fields = self.flags(names, indent)?;
            small.pending_fields.reverse();
        }
        Ok(small.pending_fields.pop())
    }

    /// Writes the flags of one class and returns the fields that they announce.
    fn flags(&mut self, names: FlagNames, indent: usize) -> Result<Vec<&'static str>, StopReason> {
        let mut pending_fields = Vec::new();
        for byte in 0.. {
            self.begin(indent);
            let flags = self.reader.u8()?;
            let of_byte = names.get(byte).copied().unwrap_or_default();
            let set = (0..7).filter(|bit| flags >> bit & 1 == 1);
            let set: Vec<_> = set.map(|bit| of_byte.get(bit).copied().unwrap_or("unknown")).collect();
            match (set.is_empty(), flags & MORE_FLAGS_FOLLOW != 0) {
                (true, _) => self.append(format_args!("flags: none")),
                (false, false) => self.append(format_args!("flags: {}", set.join(", "))),
                (false, true) => self.append(format_args!("flags: {}, and more flags", set.join(", "))),
            }
            self.end()?;
            pending_fields.extend(set);
            if flags & MORE_FLAGS_FOLLOW == 0 {
                break;
            }
        }
        Ok(pending_fields)
    }
}
