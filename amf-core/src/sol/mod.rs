//! `.sol` files: what `SharedObject.getLocal` of Flash keeps on disk.
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
//! # The format
//!
//! Adobe never wrote it down. What follows is what Flash Player's own files show; all numbers are big endian.
//!
//! | bytes | what |
//! |---|---|
//! | `00 BF` | the tag of the data |
//! | 4 | the length of the data, from behind this field |
//! | `TCSO` `00 04 00 00 00 00` | always the same |
//! | 2 + n | the name: its length in bytes, UTF-8 |
//! | `00 00 00` | always the same |
//! | 1 | the version: 0 or 3 |
//! | … | the members: name, value, `00`, until the data ends |
//! | … | nothing, or more of it behind the data: [`SolFile::rest`] |
//!
//! In AMF0 a name has its length in 16 bits, and the object `data` that has the members is number 0 in the
//! table of references. In AMF3 a name is a string of the string table, and the members' values are numbered
//! from 0 on. The tables span the whole file.

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
/// Behind each value.
pub(crate) const MEMBER_END: u8 = 0;

/// A `.sol` file.
///
/// What was read is written to the same bytes, if it was in the form in which Flash Player writes; what is
/// otherwise, such as a string that was sent twice instead of by reference, keeps its meaning.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SolFile {
    /// The name that the program gave to `SharedObject.getLocal`, with slashes; at most 65,535 bytes.
    ///
    /// Flash looks for it under the file's own name, so both should be the same.
    pub name: String,
    /// The version of the data. Programs of ActionScript 3 may use either, older ones AMF0 alone.
    pub version: Version,
    /// The members, as `sharedObject.data` has them. It is shared because they can refer back to it.
    pub data: Arc<Object>,
    /// What stands behind the data: most often nothing. Some Flash Players wrote a further record there,
    /// with the tag `00 FF` and the path of the movie.
    pub rest: Vec<u8>,
}

impl SolFile {
    /// A file without members.
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

    /// A file whose members are those of a struct with `#[derive(AmfObject)]`, a map, or a [`Value`] that is
    /// an object; an error for anything else.
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
    /// The declared length says where the data ends: a file that is shorter is an error, in one that is longer
    /// the surplus is kept as [`rest`](Self::rest). A member that is there twice has its last value.
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Value};
    ///
    /// let bytes = b"\0\xBF\0\0\0\x19TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0\0\x03won\x01\x01\0";
    /// let save = SolFile::from_slice(bytes)?;
    /// assert_eq!(save.data.get("won"), Some(&Value::Bool(true)));
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    pub fn from_slice(input: &[u8]) -> Result<Self, DecodeError> {
        Self::from_slice_with(input, &Arc::default(), Limits::default())
    }

    /// Reads a file that may hold objects of these classes, within other limits, or with text that is not UTF-8.
    ///
    /// Externalizable objects can only be read with their classes.
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
    /// // A save of a game that knew Latin-1 alone.
    /// let bytes = b"\0\xBF\0\0\0\x1ETCSO\0\x04\0\0\0\0\0\x01s\0\0\0\0\0\x03bar\x02\0\x04caf\xE9\0";
    /// assert!(SolFile::from_slice(bytes).is_err());
    /// let options = DecodeOptions::new().with_text_encoding(TextEncoding::Latin1);
    /// let save = SolFile::from_slice_with(bytes, &Arc::default(), options)?;
    /// assert_eq!(save.get::<String>("bar")?.as_deref(), Some("café"));
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    pub fn from_slice_with(
        input: &[u8],
        classes: &Arc<Classes>,
        options: impl Into<DecodeOptions>,
    ) -> Result<Self, DecodeError> {
        read::file(input, classes, options.into())
    }

    /// The file's bytes.
    ///
    /// An error if the name or that of a member is too long, or a value cannot be written, as with
    /// [`to_vec`].
    ///
    /// ```
    /// use amf_core::{sol::SolFile, Version};
    ///
    /// let mut save = SolFile::new("s", Version::Amf3);
    /// save.insert("a", true);
    /// assert_eq!(save.to_vec()?, b"\0\xBF\0\0\0\x15TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\x03\x03a\x03\0");
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<u8>, EncodeError> {
        self.to_vec_with_limit(DEFAULT_OUTPUT_LIMIT)
    }

    /// Returns the file's bytes, within an output limit. [`to_vec`](Self::to_vec) has a limit of 64 MiB, named
    /// `file_bytes`.
    ///
    /// # Errors
    ///
    /// [`OutputTooLarge`](crate::EncodeErrorKind::OutputTooLarge) beyond the limit, and the errors of
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

    /// The member of this name as a `T`, if it is there.
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
    pub fn get<T: for<'de> FromAmf<'de>>(&self, name: &str) -> Result<Option<T>, DecodeError> {
        let member = self.data.get(name).map(|value| self.convert(value));
        member.transpose().map_err(|error| error.in_member(name.to_owned()))
    }

    /// All members as a struct with `#[derive(AmfObject)]`, or a map; see [`from_data`](Self::from_data).
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
    pub fn to_data<T: for<'de> FromAmf<'de>>(&self) -> Result<T, DecodeError> {
        self.convert(&self.data)
    }

    /// Sets a member, as [`Object::insert`] does.
    ///
    /// Values that refer back to `data` itself lose what they refer to; a file that holds such is better
    /// made anew.
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
