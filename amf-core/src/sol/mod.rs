//! Local shared objects: the `.sol` files that `SharedObject.getLocal` of Flash stores.
//!
//! ```
//! use amf_core::{sol::SolFile, Version};
//!
//! let mut save = SolFile::new("slot1", Version::Amf3);
//! save.insert("level", 7);
//! save.insert("player", "Ann");
//! let bytes = save.to_vec()?;
//!
//! let save = SolFile::from_slice(&bytes)?;
//! assert_eq!(save.name, "slot1");
//! assert_eq!(save.get::<u32>("level")?, Some(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format
//!
//! Adobe did not publish the format. This description is derived from files that Flash Player wrote. All numbers are
//! big-endian.
//!
//! | bytes | content |
//! |---|---|
//! | `00 BF` | tag of the data |
//! | 4 | length of the data behind this field |
//! | `TCSO` `00 04 00 00 00 00` | constant |
//! | 2 + n | name: its length in bytes, UTF-8 |
//! | `00 00 00` | constant |
//! | 1 | version: 0 or 3 |
//! | … | members: name, value, `00`, up to the end of the data |
//! | … | usually nothing; see [`SolFile::rest`] |
//!
//! In AMF0 the length of a name has 16 bits, and the object `data` that contains the members has number 0 in the
//! table of references. In AMF3 a name is an entry of the string table, and the values of the members are numbered
//! from 0. The tables span the whole file.

mod read;
mod write;

use std::sync::Arc;

use crate::{
    Classes, DecodeError, DecodeErrorKind, DecodeOptions, EncodeError, FromAmf, Limits, Object, OutputLimit,
    ToAmf, Value, Version, from_slice, to_vec,
};

pub(crate) const FILE_TAG: [u8; 2] = [0x00, 0xBF];
pub(crate) const SIGNATURE: [u8; 10] = *b"TCSO\0\x04\0\0\0\0";
pub(crate) const PADDING: [u8; 3] = [0; 3];
const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("file_bytes", 64 << 20);
/// Byte behind the value of each member.
pub(crate) const MEMBER_END: u8 = 0;

/// Content of a `.sol` file.
///
/// A file that Flash Player wrote is reproduced byte for byte when it is written again. A file of another writer
/// keeps its meaning, but may change in form, for example where a string was sent twice instead of by reference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SolFile {
    /// Name that the program passed to `SharedObject.getLocal`, with slashes. At most 65,535 bytes.
    ///
    /// Flash searches for the name of the file, so both names should be the same.
    pub name: String,
    /// Version of the data. ActionScript 3 programs may use either version, older programs use AMF0.
    pub version: Version,
    /// Members, as in `sharedObject.data`. The object is shared because its members can refer to it.
    pub data: Arc<Object>,
    /// Bytes behind the data, usually none. Some versions of Flash Player wrote another record there, with the tag
    /// `00 FF` and the path of the movie.
    pub rest: Vec<u8>,
}

impl SolFile {
    /// Creates a file without members.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Version};
    ///
    /// let save = SolFile::new("slot1", Version::Amf3);
    /// assert_eq!(save.data.members().count(), 0);
    /// ```
    pub fn new(name: impl Into<String>, version: Version) -> Self {
        Self { name: name.into(), version, data: Arc::new(Object::new()), rest: Vec::new() }
    }

    /// Creates a file whose members are those of a struct with `#[derive(AmfObject)]`, a map, or a [`Value`] that is
    /// an object.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, AmfObject, Version};
    ///
    /// #[derive(AmfObject, Debug, PartialEq)]
    /// struct Save {
    ///     level: u32,
    ///     best_time: Option<f64>, // `bestTime` in the file
    /// }
    ///
    /// let bytes = SolFile::from_data("slot1", Version::Amf0, &Save { level: 7, best_time: None })?.to_vec()?;
    /// assert_eq!(SolFile::from_slice(&bytes)?.to_data::<Save>()?, Save { level: 7, best_time: None });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the data cannot be written, or if it is not an object.
    pub fn from_data<T: ToAmf + ?Sized>(
        name: impl Into<String>,
        version: Version,
        data: &T,
    ) -> Result<Self, EncodeError> {
        let bytes = to_vec(version, data)?;
        let value = from_slice(version, &bytes).map_err(|error| EncodeError::custom(error.to_string()))?;
        match value {
            Value::Object(data) => Ok(Self { data, ..Self::new(name, version) }),
            other => Err(EncodeError::custom(format!(
                "the data of a shared object is an object, not {}",
                other.type_name()
            ))),
        }
    }

    /// Reads a file, with the built-in classes and the default limits.
    ///
    /// The declared length determines the end of the data. A shorter file is an error, and the surplus of a longer
    /// one is kept as [`rest`](Self::rest). If a member occurs twice, the last value is kept.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Value};
    ///
    /// let bytes = b"\0\xBF\0\0\0\x19TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0\0\x03won\x01\x01\0";
    /// let save = SolFile::from_slice(bytes)?;
    /// assert_eq!(save.data.get("won"), Some(&Value::Bool(true)));
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the input is not a shared object, if a member cannot be read, or if a limit is exceeded.
    pub fn from_slice(input: &[u8]) -> Result<Self, DecodeError> {
        Self::from_slice_with(input, &Arc::default(), Limits::default())
    }

    /// Reads a file that may contain objects of the given classes, with other limits, or with text that is not UTF-8.
    ///
    /// Externalizable objects can be read only if their classes are known.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Classes, DecodeOptions, Limits, TextEncoding};
    /// use std::sync::Arc;
    ///
    /// let bytes = b"\0\xBF\0\0\0\x11TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\x03";
    /// let limits = Limits::new().with_string_len(16 << 20);
    /// let save = SolFile::from_slice_with(bytes, &Classes::new().into(), limits)?;
    /// assert_eq!(save.name, "s");
    ///
    /// // A save file of a game that used Latin-1.
    /// let bytes = b"\0\xBF\0\0\0\x1ETCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0\0\x03bar\x02\0\x04caf\xE9\0";
    /// assert!(SolFile::from_slice(bytes).is_err());
    /// let options = DecodeOptions::new().with_text_encoding(TextEncoding::Latin1);
    /// let save = SolFile::from_slice_with(bytes, &Arc::default(), options)?;
    /// assert_eq!(save.get::<String>("bar")?.as_deref(), Some("café"));
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`from_slice`](Self::from_slice).
    pub fn from_slice_with(
        input: &[u8],
        classes: &Arc<Classes>,
        options: impl Into<DecodeOptions>,
    ) -> Result<Self, DecodeError> {
        read::file(input, classes, options.into())
    }

    /// Returns the bytes of the file.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Version};
    ///
    /// let mut save = SolFile::new("s", Version::Amf3);
    /// save.insert("a", true);
    /// assert_eq!(save.to_vec()?, b"\0\xBF\0\0\0\x15TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\x03\x03a\x03\0");
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the name of the file or of a member is too long, if a value cannot be written, or if the
    /// output exceeds 64 MiB.
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        self.to_vec_with_limit(DEFAULT_OUTPUT_LIMIT)
    }

    /// Returns the bytes of the file, within an output limit. [`to_vec`](Self::to_vec) has a limit of 64 MiB, named
    /// `file_bytes`.
    ///
    /// # Errors
    ///
    /// Returns [`OutputTooLarge`](crate::EncodeErrorKind::OutputTooLarge) beyond the limit, and the errors of
    /// [`to_vec`](Self::to_vec).
    ///
    /// ```
    /// use amf_core::{sol::SolFile, OutputLimit, Version};
    ///
    /// let save = SolFile::new("s", Version::Amf3);
    /// let limit = OutputLimit::new("file_bytes", save.to_vec()?.len() - 1);
    /// let error = save.to_vec_with_limit(limit).unwrap_err();
    /// assert_eq!(error.to_string(), "the output is larger than the limit `file_bytes` of 22 bytes");
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    pub fn to_vec_with_limit(&self, limit: OutputLimit) -> Result<Vec<u8>, EncodeError> {
        write::file(self, limit)
    }

    /// Returns a member converted to `T`, or `None` if there is no such member.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Version};
    ///
    /// let mut save = SolFile::new("scores", Version::Amf0);
    /// save.insert("best", vec![30.into(), 20.into()]);
    /// assert_eq!(save.get::<Vec<u32>>("best")?, Some(vec![30, 20]));
    /// assert_eq!(save.get::<u32>("worst")?, None);
    /// assert!(save.get::<String>("best").is_err());
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the member cannot be read as `T`.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, name: &str) -> Result<Option<T>, DecodeError> {
        let member = self.data.get(name).map(|value| self.convert(value));
        member.transpose().map_err(|error| error.in_member(name.to_owned()))
    }

    /// Returns all members as a struct with `#[derive(AmfObject)]` or as a map; see [`from_data`](Self::from_data).
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Version};
    /// use std::collections::BTreeMap;
    ///
    /// let mut settings = SolFile::new("settings", Version::Amf0);
    /// settings.insert("music", true);
    /// assert_eq!(settings.to_data::<BTreeMap<String, bool>>()?, BTreeMap::from([("music".to_owned(), true)]));
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the members cannot be read as `T`.
    pub fn to_data<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        self.convert(&self.data)
    }

    /// Sets a member, as [`Object::insert`] does.
    ///
    /// Values that refer to `data` itself lose their target. Create a new file instead of changing one that contains
    /// such values.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Value, Version};
    ///
    /// let mut save = SolFile::new("slot1", Version::Amf0);
    /// assert_eq!(save.insert("level", 1), None);
    /// assert_eq!(save.insert("level", 2), Some(Value::Integer(1)));
    /// ```
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        Arc::make_mut(&mut self.data).insert(name, value)
    }

    fn convert<T: for<'de> FromAmf<'de>>(&self, value: &impl ToAmf) -> Result<T, DecodeError> {
        let bytes = to_vec(self.version, value)
            .map_err(|error| DecodeError::new(DecodeErrorKind::Custom(error.to_string().into()), 0))?;
        from_slice(self.version, &bytes)
    }
}
