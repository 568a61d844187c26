//! How states write what JSON has no number for: 128-bit integers, infinities, and runs of bytes.

/// A pair of 128-bit integers as texts.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) mod whole_pair {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        pair: &Option<(i128, i128)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        pair.map(|(low, high)| (low.to_string(), high.to_string())).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<(i128, i128)>, D::Error> {
        let pair: Option<(String, String)> = Option::deserialize(deserializer)?;
        let read = |text: String| text.parse().map_err(serde::de::Error::custom);
        pair.map(|(low, high)| Ok((read(low)?, read(high)?))).transpose()
    }
}

/// A pair of floats as texts, so that infinities survive.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) mod float_pair {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        pair: &Option<(f64, f64)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        pair.map(|(low, high)| (low.to_string(), high.to_string())).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<(f64, f64)>, D::Error> {
        let pair: Option<(String, String)> = Option::deserialize(deserializer)?;
        let read = |text: String| text.parse().map_err(serde::de::Error::custom);
        pair.map(|(low, high)| Ok((read(low)?, read(high)?))).transpose()
    }
}

/// A 128-bit hash as hexadecimal digits.
pub(crate) mod hash {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(hash: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{hash:032x}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let digits = String::deserialize(deserializer)?;
        u128::from_str_radix(&digits, 16).map_err(serde::de::Error::custom)
    }
}

/// 128-bit hashes as hexadecimal digits.
pub(crate) mod hashes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(hashes: &[u128], serializer: S) -> Result<S::Ok, S::Error> {
        hashes.iter().map(|hash| format!("{hash:032x}")).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u128>, D::Error> {
        let texts: Vec<String> = Vec::deserialize(deserializer)?;
        let read = |text: &String| u128::from_str_radix(text, 16).map_err(serde::de::Error::custom);
        texts.iter().map(read).collect()
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: impl IntoIterator<Item = u8>) -> String {
    let digits = b"0123456789abcdef";
    let mut text = String::new();
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(digits[usize::from(half)]));
        }
    }
    text
}

/// Bytes of hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let half = |digit: &u8| char::from(*digit).to_digit(16).map(|value| value as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(half(pair.first()?)? << 4 | half(pair.get(1)?)?)).collect()
}

/// The 128-bit integers that bytes hold, the most significant first.
pub(crate) fn wholes(bytes: &[u8]) -> Vec<u128> {
    let whole = |chunk: &[u8]| chunk.iter().fold(0_u128, |whole, byte| whole << 8 | u128::from(*byte));
    bytes.chunks_exact(16).map(whole).collect()
}

/// A 128-bit integer as a text.
pub(crate) mod whole {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
