//! The JSON documents that runs leave for one another.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::store::Location;

/// The largest document that is read; a journal of a hundred thousand files is smaller.
const LARGEST: usize = 256 << 20;

/// `document` as JSON.
pub(super) fn write<T: Serialize>(document: &T) -> Result<Bytes> {
    serde_json::to_vec(document)
        .map(Bytes::from)
        .map_err(|e| Error::defect("a document of the commit cannot be written as JSON").because(e))
}

/// The document that was read from `place`.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], place: &Location) -> Result<T> {
    if bytes.len() > LARGEST {
        return Err(Error::wrong(format!("{place} is too large to be a document of Lockgate's")));
    }
    serde_json::from_slice(bytes).map_err(|e| {
        Error::wrong(format!("{place} is not a document that this version understands"))
            .hint("it was damaged, or written by a newer version of Lockgate: recover with that one")
            .because(e)
    })
}

/// The version that every document of this kind carries. Reading another one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Version;

const VERSION: u32 = 1;

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(VERSION)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(serde::de::Error::custom(format!("version {other} is not {VERSION}"))),
        }
    }
}
