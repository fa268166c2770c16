//! Conversion of lists, tuples, sets and maps.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{DecodeError, EncodeError};
use crate::value::DynamicMembers;
use crate::{Classes, Decoder, Encoder, FromAmf, Member, ToAmf};

impl<'de, T: FromAmf<'de>> FromAmf<'de> for Vec<T> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        T::vec_from_amf(decoder)
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T: ToAmf> ToAmf for [T] {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        T::slice_to_amf(self, encoder)
    }
}

impl<T: ToAmf> ToAmf for Vec<T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        T::slice_to_amf(self, encoder)
    }
}

impl<'de, T: FromAmf<'de>, const N: usize> FromAmf<'de> for [T; N] {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let items: Vec<T> = T::vec_from_amf(decoder)?;
        let found = items.len();
        items
            .try_into()
            .map_err(|_| decoder.custom_error(format!("expected a list of {N}, got one of {found}")))
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T: ToAmf, const N: usize> ToAmf for [T; N] {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        T::slice_to_amf(self, encoder)
    }
}

fn write_list<'a, T: ToAmf + 'a>(
    items: impl ExactSizeIterator<Item = &'a T>,
    encoder: &mut Encoder,
) -> Result<(), EncodeError> {
    encoder.begin_list(items.len())?;
    for item in items {
        item.to_amf(encoder)?;
    }
    encoder.end_list();
    Ok(())
}

macro_rules! lists {
    ($($list:ident<T $(, $hasher:ident)?> where $($bound:path),*;)*) => {$(
        impl<'de, T: FromAmf<'de> $(+ $bound)* $(, $hasher: BuildHasher + Default)?> FromAmf<'de> for $list<T $(, $hasher)?> {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                T::vec_from_amf(decoder).map(|items| items.into_iter().collect())
            }

            fn classes(classes: &mut Classes) {
                T::classes(classes);
            }
        }

        impl<T: ToAmf $(, $hasher)?> ToAmf for $list<T $(, $hasher)?> {
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                write_list(self.iter(), encoder)
            }
        }
    )*};
}
lists! {
    VecDeque<T> where;
    BTreeSet<T> where Ord;
    HashSet<T, S> where Eq, Hash;
}

macro_rules! slices {
    ($($pointer:ident)*) => {$(
        impl<'de, T: FromAmf<'de>> FromAmf<'de> for $pointer<[T]> {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                T::vec_from_amf(decoder).map(Self::from)
            }

            fn classes(classes: &mut Classes) {
                T::classes(classes);
            }
        }

        impl<T: ToAmf> ToAmf for $pointer<[T]> {
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                T::slice_to_amf(self, encoder)
            }
        }
    )*};
}
slices! { Box Arc Rc }

macro_rules! tuples {
    ($($len:literal: $($name:ident $index:tt),+;)*) => {$(
        impl<'de, $($name: FromAmf<'de>),+> FromAmf<'de> for ($($name,)+) {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                let mut list = decoder.begin_list()?;
                let mut items: ($(Option<$name>,)+) = Default::default();
                // Number of elements up to the last one that was sent. Missing elements before it are holes.
                let mut len = 0;
                while let Some(index) = decoder.next_item(&mut list)? {
                    match index {
                        $($index if items.$index.is_none() => {
                            items.$index = Some($name::from_amf(decoder).map_err(|error| error.at_index($index))?);
                        })+
                        0..$len => return Err(decoder.index_error(index)),
                        _ => return Err(decoder.custom_error(concat!("expected a list of ", $len, ", got a longer one"))),
                    }
                    len = len.max(index + 1);
                }
                Ok(($(
                    match items.$index.or_else(|| if $index < len { $name::hole() } else { None }) {
                        Some(item) => item,
                        None => return Err(decoder.custom_error(concat!("expected a list of ", $len, ", got one that lacks element ", $index))),
                    },
                )+))
            }

            fn classes(classes: &mut Classes) {
                $($name::classes(classes);)+
            }
        }

        impl<$($name: ToAmf),+> ToAmf for ($($name,)+) {
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                encoder.begin_list($len)?;
                $(self.$index.to_amf(encoder)?;)+
                encoder.end_list();
                Ok(())
            }
        }
    )*};
}
tuples! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

impl<'de> Decoder<'de> {
    /// Reads named members into a map. A name that `K` cannot parse is an error.
    fn map<K, V, M>(&mut self, mut insert: impl FnMut(&mut M, K, V)) -> Result<M, DecodeError>
    where
        K: FromStr<Err: Display>,
        V: FromAmf<'de>,
        M: Default,
    {
        let mut map = M::default();
        let mut object = self.begin_map()?;
        while let Some(member) = self.next_member(&mut object)? {
            let Member::Unknown(name) = member else {
                continue;
            };
            self.charge(name.len() + size_of::<(K, V)>())?;
            let key = name
                .parse()
                .map_err(|error| self.custom_error(format!("the name `{name}` is no key: {error}")))?;
            let value = V::from_amf(self).map_err(|error| error.in_member(name.into_owned()))?;
            insert(&mut map, key, value);
        }
        Ok(map)
    }
}

fn write_map<'a, K: Display + 'a, V: ToAmf + 'a>(
    members: impl Iterator<Item = (&'a K, &'a V)>,
    encoder: &mut Encoder,
) -> Result<(), EncodeError> {
    encoder.begin_map()?;
    for (key, value) in members {
        let name = key.to_string();
        if !encoder.omits_member(&name) {
            encoder.name(&name)?;
            value.to_amf(encoder)?;
        }
    }
    encoder.end_map();
    Ok(())
}

impl<'de, K, V, S> FromAmf<'de> for HashMap<K, V, S>
where
    K: FromStr<Err: Display> + Eq + Hash,
    V: FromAmf<'de>,
    S: BuildHasher + Default,
{
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.map(|map: &mut Self, key, value| drop(map.insert(key, value)))
    }

    fn classes(classes: &mut Classes) {
        V::classes(classes);
    }
}

impl<K: Display, V: ToAmf, S> ToAmf for HashMap<K, V, S> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_map(self.iter(), encoder)
    }
}

impl<'de, K: FromStr<Err: Display> + Ord, V: FromAmf<'de>> FromAmf<'de> for BTreeMap<K, V> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.map(|map: &mut Self, key, value| drop(map.insert(key, value)))
    }

    fn classes(classes: &mut Classes) {
        V::classes(classes);
    }
}

impl<K: Display, V: ToAmf> ToAmf for BTreeMap<K, V> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        write_map(self.iter(), encoder)
    }
}

impl<'de> FromAmf<'de> for DynamicMembers {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        let mut members = DynamicMembers::new();
        let mut object = decoder.begin_map()?;
        while let Some(member) = decoder.next_member(&mut object)? {
            let Member::Unknown(name) = member else {
                continue;
            };
            decoder.dynamic_member(name, &mut members)?;
        }
        Ok(members)
    }
}

impl ToAmf for DynamicMembers {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_map()?;
        encoder.dynamic_members(self)?;
        encoder.end_map();
        Ok(())
    }
}

impl<'de: 'a, 'a> FromAmf<'de> for Cow<'a, [u8]> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        <&[u8]>::from_amf(decoder).map(Cow::Borrowed)
    }
}

impl ToAmf for Cow<'_, [u8]> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.byte_array(self)
    }
}
