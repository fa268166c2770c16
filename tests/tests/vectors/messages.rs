//! The externalizable classes that occur: BlazeDS's small messages and those of the sources' own tests.

use std::sync::Arc;

use amf_core::{
    AmfClass, Class, Classes, DecodeError, EncodeError, External, ExternalInput, ExternalOutput,
    ExternalPart, Externalizable, Value,
};

/// The classes that every decoder here knows.
pub(crate) fn classes() -> Arc<Classes> {
    let mut classes = Classes::new();
    classes.add_externalizable::<AsyncMessageExt>();
    classes.add_externalizable::<CommandMessageExt>();
    classes.add_externalizable::<AcknowledgeMessageExt>();
    classes.add_externalizable::<TwoDoubles>();
    classes.add_externalizable::<ByteAndValue>();
    assert_eq!(classes.conflicts().next(), None);
    Arc::new(classes)
}

/// A byte of flags, the highest of which says that another such byte follows the values, and a value for
/// each of the others that is set, from the lowest on.
struct Flagged {
    flags: u8,
    values: Vec<Value>,
}

const MORE: u8 = 0x80;

fn read_flagged(input: &mut ExternalInput<'_, '_>) -> Result<Vec<Flagged>, DecodeError> {
    // The flags of one class stand together, before its values.
    let mut all = Vec::new();
    loop {
        let flags = input.read_u8()?;
        all.push(Flagged { flags, values: Vec::new() });
        if flags & MORE == 0 {
            break;
        }
    }
    for flagged in &mut all {
        for _ in 0..(flagged.flags & !MORE).count_ones() {
            flagged.values.push(input.read()?);
        }
    }
    Ok(all)
}

fn write_flagged(class: &[Flagged], output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
    for flagged in class {
        output.write_u8(flagged.flags);
    }
    class.iter().flat_map(|flagged| &flagged.values).try_for_each(|value| output.write(value))
}

/// What each class of a message's line of ancestors adds, by byte of flags and bit.
type Names = &'static [&'static [&'static [&'static str]]];

const ABSTRACT: &[&[&str]] = &[
    &["body", "clientId", "destination", "headers", "messageId", "timestamp", "timeToLive"],
    &["clientId", "messageId"],
];
const ASYNC: &[&[&str]] = &[&["correlationId", "correlationId"]];
const COMMAND: &[&[&str]] = &[&["operation"]];
const ACKNOWLEDGE: &[&[&str]] = &[&[]];

macro_rules! small_messages {
    ($($name:ident $alias:literal $names:expr;)*) => {
        $(
            struct $name(Vec<Vec<Flagged>>);

            impl AmfClass for $name {
                const CLASS: &'static Class = &Class::new($alias, &[]).externalizable();
            }

            impl Externalizable for $name {
                fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
                    let names: Names = $names;
                    names.iter().map(|_| read_flagged(input)).collect::<Result<_, _>>().map(Self)
                }

                fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
                    self.0.iter().try_for_each(|class| write_flagged(class, output))
                }
            }
        )*

        fn names(alias: &str) -> Option<Names> {
            match alias {
                $($alias => Some($names),)*
                _ => None,
            }
        }
    };
}
small_messages! {
    AsyncMessageExt "DSA" &[ABSTRACT, ASYNC];
    CommandMessageExt "DSC" &[ABSTRACT, ASYNC, COMMAND];
    AcknowledgeMessageExt "DSK" &[ABSTRACT, ASYNC, ACKNOWLEDGE];
}

/// The members of a small message, of those that are there.
pub(crate) fn members(external: &External) -> Option<Vec<(String, Value)>> {
    let mut parts = external.parts.iter();
    let mut members = Vec::new();
    for class in names(external.alias())? {
        let mut flags = Vec::new();
        while flags.last().is_none_or(|last| last & MORE != 0) {
            let Some(ExternalPart::Bytes(byte)) = parts.next() else { return None };
            flags.push(byte[0]);
        }
        for (byte, flags) in flags.iter().enumerate() {
            for bit in (0..7).filter(|bit| flags >> bit & 1 == 1) {
                let Some(ExternalPart::Value(value)) = parts.next() else { return None };
                let name = class.get(byte).and_then(|names| names.get(bit)).copied().unwrap_or("unknown");
                members.push((name.to_owned(), value.clone()));
            }
        }
    }
    parts.next().is_none().then_some(members)
}

/// `RocketAMF`'s own test class: `one` and `two`, raw.
struct TwoDoubles(f64, f64);

impl AmfClass for TwoDoubles {
    const CLASS: &'static Class = &Class::new("ExternalizableTest", &[]).externalizable();
}

impl Externalizable for TwoDoubles {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        Ok(Self(input.read_f64()?, input.read_f64()?))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_f64(self.0);
        output.write_f64(self.1);
        Ok(())
    }
}

/// flash-lso's own test class: a byte, and a value that refers back to the object itself.
struct ByteAndValue(u8, Value);

impl AmfClass for ByteAndValue {
    const CLASS: &'static Class = &Class::new("X", &[]).externalizable();
}

impl Externalizable for ByteAndValue {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        Ok(Self(input.read_u8()?, input.read()?))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_u8(self.0);
        output.write(&self.1)
    }
}
