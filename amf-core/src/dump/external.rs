//! Bodies of externalizable objects. Nothing on the wire says where one ends, so only those of Flex itself
//! can be read here.

use super::walker::{Label, Step, Stop, Walker};
use crate::Version;
use crate::error::{DecodeError, DecodeErrorKind};

/// A byte of flags, the highest of which says that another such byte follows.
const MORE: u8 = 0x80;

/// What one class adds to a small message: a name for each bit, by byte of flags.
type Names = &'static [&'static [&'static str]];

const ABSTRACT: Names = &[
    &["body", "clientId", "destination", "headers", "messageId", "timestamp", "timeToLive"],
    &["clientId (bytes)", "messageId (bytes)"],
];
const ASYNC: Names = &[&["correlationId", "correlationId (bytes)"]];
const COMMAND: Names = &[&["operation"]];
const ACKNOWLEDGE: Names = &[];

/// BlazeDS's small messages: of each class from the base on, flags and then a value for each that is set.
#[derive(Debug)]
pub(super) struct Small {
    classes: &'static [Names],
    /// What the flags that were read still announce, the next one last.
    announced: Vec<&'static str>,
}

impl Small {
    fn of(alias: &str) -> Option<Self> {
        let classes: &'static [Names] = match alias {
            "DSA" => &[ABSTRACT, ASYNC],
            "DSC" => &[ABSTRACT, ASYNC, COMMAND],
            "DSK" => &[ABSTRACT, ASYNC, ACKNOWLEDGE],
            _ => return None,
        };
        Some(Self { classes, announced: Vec::new() })
    }
}

impl Walker<'_, '_> {
    pub(super) fn external(&mut self, alias: &str, depth: usize, indent: usize) -> Result<(), Stop> {
        let step = match alias {
            "flex.messaging.io.ArrayCollection"
            | "flex.messaging.io.ArrayList"
            | "flex.messaging.io.ObjectProxy" => Step::One(Version::Amf3, Label::None),
            "flex.messaging.io.ManagedObjectProxy" => {
                self.begin(indent + 1);
                let count = self.reader.u32()? as usize;
                self.say(format_args!("{count} names and values"));
                self.end()?;
                Step::Pairs { next: 0, count: count.saturating_mul(2) }
            }
            _ => {
                let unknown = || {
                    let kind = DecodeErrorKind::UnknownExternalizable { alias: alias.to_owned() };
                    DecodeError::new(kind, self.reader.position())
                };
                Step::Small(Small::of(alias).ok_or_else(unknown)?)
            }
        };
        self.open(depth, indent, step);
        Ok(())
    }

    /// The name of the value that comes next in a small message.
    pub(super) fn next_of_small(
        &mut self,
        small: &mut Small,
        indent: usize,
    ) -> Result<Option<&'static str>, Stop> {
        while small.announced.is_empty() {
            let Some((names, classes)) = small.classes.split_first() else { return Ok(None) };
            small.classes = classes;
            small.announced = self.flags(names, indent)?;
            small.announced.reverse();
        }
        Ok(small.announced.pop())
    }

    /// The flags of one class, which stand together.
    fn flags(&mut self, names: Names, indent: usize) -> Result<Vec<&'static str>, Stop> {
        let mut announced = Vec::new();
        for byte in 0.. {
            self.begin(indent);
            let flags = self.reader.u8()?;
            let of_byte = names.get(byte).copied().unwrap_or_default();
            let set = (0..7).filter(|bit| flags >> bit & 1 == 1);
            let set: Vec<_> = set.map(|bit| of_byte.get(bit).copied().unwrap_or("unknown")).collect();
            match (set.is_empty(), flags & MORE != 0) {
                (true, _) => self.say(format_args!("flags: none")),
                (false, false) => self.say(format_args!("flags: {}", set.join(", "))),
                (false, true) => self.say(format_args!("flags: {}, and more flags", set.join(", "))),
            }
            self.end()?;
            announced.extend(set);
            if flags & MORE == 0 {
                break;
            }
        }
        Ok(announced)
    }
}
