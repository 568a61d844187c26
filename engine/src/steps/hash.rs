//! `hash`: stable pseudonyms.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use polars::prelude::{
    ChunkedArray, Column, DataType, Expr, Field, IntoColumn, PolarsResult, StringChunked,
    StringChunkedBuilder, StringType, TimeZone, concat_str, lit,
};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

use super::column::{Columns, Found, new_name};
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::Result;
use crate::spec::{FromNode, Node, Spanned};

/// Stands between the columns that are hashed together.
const SEPARATOR: &str = "\u{1f}";

pub(super) static STEP: StepDef = StepDef {
    name: "hash",
    summary: "Replaces values by a hash that other tools can compute: hex(sha256(salt + text)), in small letters; \
              with `into`, one new column from all columns, their texts joined by U+001F.",
    nulls: "The hash of null is null, also if only one of several columns is null. The text of a value is: text \
            itself; digits of integers; digits of decimals with all places of their scale; true and false; \
            2013-01-31; 05:17:00.000000; 2013-01-31T05:17:00.000000, in UTC if it has a zone. Floats have no such \
            text and are refused. hmac_sha256 is HMAC (RFC 2104) with the salt as its key. xxh3 gives the 64 bits of XXH3 as 16 hex digits.",
    example: Example {
        step: "hash: {columns: email, salt: pepper}",
        input: "id:int64,email:string\n1,ada@example.org\n2,\n3,\"\"",
        others: &[],
        output: "id:int64,email:string\n\
                 1,63be4e38c785f0f31f134e9c4de4a943dbb87a1bfb5f6f3ff60e8bc185813134\n2,\n3,8cbbcf29d9cef89675c5f5c1dcfe827d0570416a5aaba30dd0de159661ad905b",
    },
    parse: |node| Ok(Box::new(Hash::from_node(node)?)),
    schema: arguments::columns_or_schema::<Hash>,
};

/// What to hash, how, and where to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hash {
    /// The columns to hash.
    columns: Columns,
    /// One new column for all of them together; without it each column is replaced by its own hash.
    into: Option<Spanned<String>>,
    /// The hash function.
    #[serde(default)]
    algorithm: Algorithm,
    /// Stands before every text. Keep it out of the file: `${SALT}`.
    #[serde(default)]
    salt: Salt,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    /// HMAC-SHA-256 with the salt as its key: 64 hex digits; the one to take for pseudonyms.
    HmacSha256,
    /// SHA-256: 64 hex digits.
    #[default]
    Sha256,
    /// XXH3: 16 hex digits; fast, and no protection.
    Xxh3,
}

/// A secret: never shown.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Salt(String);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromNode for Hash {
    fn from_node(node: &Node) -> Result<Self> {
        arguments::columns_or(node, |columns| Self {
            columns,
            into: None,
            algorithm: Algorithm::default(),
            salt: Salt::default(),
        })
    }
}

impl Step for Hash {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.columns.resolve(cx.input)?;
        let texts =
            columns.iter().map(|column| canonical_text(column, "hash")).collect::<Result<Vec<_>>>()?;
        let hashed = match &self.into {
            Some(into) => vec![self.digest(concat_str(texts, SEPARATOR, false)).alias(new_name(into)?)],
            None => texts
                .into_iter()
                .zip(&columns)
                .map(|(text, column)| self.digest(text).alias(column.name.clone()))
                .collect(),
        };
        Ok(Lowering::Rows(vec![RowOp::With(hashed)]))
    }
}

impl Hash {
    /// The hash of every text, as text.
    fn digest(&self, text: Expr) -> Expr {
        let salt = self.salt.0.clone();
        let function: fn(&StringChunked, &str) -> StringChunked = match self.algorithm {
            Algorithm::Sha256 => sha256,
            Algorithm::HmacSha256 => hmac_sha256,
            Algorithm::Xxh3 => xxh3,
        };
        text.map(
            move |column: Column| -> PolarsResult<Column> {
                Ok(function(column.str()?, &salt).into_column())
            },
            |_, field| Ok(Field::new(field.name().clone(), DataType::String)),
        )
    }
}

/// The text that stands for a value in a hash: the same for equal values, whatever the tool.
pub(super) fn canonical_text(column: &Found, step: &str) -> Result<Expr> {
    let value = column.expr();
    Ok(match &column.dtype {
        DataType::String => value,
        DataType::Boolean | DataType::Decimal(..) => value.cast(DataType::String),
        dtype if dtype.is_integer() => value.cast(DataType::String),
        DataType::Date => value.dt().to_string("%Y-%m-%d"),
        DataType::Time => value.dt().to_string("%H:%M:%S%.6f"),
        DataType::Datetime(_, None) => value.dt().to_string("%Y-%m-%dT%H:%M:%S%.6f"),
        DataType::Datetime(_, Some(_)) => {
            value.dt().convert_time_zone(TimeZone::UTC).dt().to_string("%Y-%m-%dT%H:%M:%S%.6f")
        }
        _ => {
            return Err(column.unfit(step, "text, integers, decimals, booleans, dates and times").hint(
                format!("put `cast: {{{}: string}}` or a decimal type before this step", column.name),
            ));
        }
    })
}

fn sha256(texts: &StringChunked, salt: &str) -> StringChunked {
    let salted = Sha256::new_with_prefix(salt);
    hashed(texts, |text, hex| push_hex(hex, salted.clone().chain_update(text).finalize().as_slice()))
}

fn hmac_sha256(texts: &StringChunked, key: &str) -> StringChunked {
    let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes()).ok();
    hashed(texts, |text, hex| {
        if let Some(mut mac) = keyed.clone() {
            mac.update(text.as_bytes());
            push_hex(hex, mac.finalize().into_bytes().as_slice());
        }
    })
}

fn xxh3(texts: &StringChunked, salt: &str) -> StringChunked {
    let mut salted = Xxh3::new();
    salted.update(salt.as_bytes());
    hashed(texts, |text, hex| {
        let mut state = salted.clone();
        state.update(text.as_bytes());
        push_hex(hex, &state.digest().to_be_bytes());
    })
}

fn hashed(texts: &ChunkedArray<StringType>, mut hash: impl FnMut(&str, &mut String)) -> StringChunked {
    let mut builder = StringChunkedBuilder::new(texts.name().clone(), texts.len());
    let mut hex = String::with_capacity(64);
    for text in texts.iter() {
        match text {
            Some(text) => {
                hex.clear();
                hash(text, &mut hex);
                builder.append_value(&hex);
            }
            None => builder.append_null(),
        }
    }
    builder.finish()
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The 64 bits that decide about a row's place in a sample; null has its own.
pub(super) fn position(texts: &StringChunked, seed: u64) -> impl Iterator<Item = u64> {
    texts.iter().map(move |text| match text {
        Some(text) => xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), seed),
        None => xxhash_rust::xxh3::xxh3_64_with_seed(&[], !seed),
    })
}

/// The texts of several columns as one; null among them is told from the empty text.
pub(super) fn joined_text(columns: &[Found], step: &str) -> Result<Expr> {
    let texts = columns
        .iter()
        .map(|column| Ok(canonical_text(column, step)?.fill_null(lit("\u{0}"))))
        .collect::<Result<Vec<_>>>()?;
    Ok(concat_str(texts, SEPARATOR, false))
}

#[cfg(test)]
mod tests {
    use polars::prelude::NewChunkedArray;

    use super::*;

    fn texts() -> StringChunked {
        StringChunked::from_iter_options("x".into(), [Some("abc"), None, Some("")].into_iter())
    }

    #[test]
    fn sha256_is_the_one_of_the_standard() {
        let hashes = sha256(&texts(), "");
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashes.get(0), Some(known));
        assert_eq!(
            sha256(&texts(), "ab").get(2),
            Some("fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603")
        );
    }

    #[test]
    fn hmac_sha256_is_the_one_of_the_standard() {
        // RFC 4231, test case 2.
        let texts =
            StringChunked::from_iter_options("x".into(), [Some("what do ya want for nothing?")].into_iter());
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_sha256(&texts, "Jefe").get(0), Some(known));
    }

    #[test]
    fn xxh3_is_the_one_of_the_specification() {
        assert_eq!(xxh3(&texts(), "").get(2), Some("2d06800538d394c2"));
        assert_eq!(xxh3(&texts(), "").get(0), Some("78af5f94892f3950"));
    }

    #[test]
    fn the_hash_of_null_is_null() {
        assert_eq!(sha256(&texts(), "salt").get(1), None);
    }

    #[test]
    fn the_salt_is_never_shown() {
        assert_eq!(format!("{:?}", Salt("pepper".into())), "…");
    }
}
