//! Amounts of memory as people write them: `4GB`, `512MiB`, `1.5g`.

use std::str::FromStr;

/// A number of bytes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) u64);

/// Units by their lower-case spelling. As in the SI and Kubernetes, `k`, `M`, `G`, `T` are powers of 1000
/// and `Ki`, `Mi`, `Gi`, `Ti` of 1024; a final `B` says nothing more.
const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no amount of memory; write it like 4GB, 512MiB or 1.5g");
        let lower = text.trim().to_ascii_lowercase();
        let end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, unit) = lower.split_at(end);
        let unit = unit.trim_start();
        let unit = unit.strip_suffix('b').unwrap_or(unit);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let bytes = number.parse::<f64>().map_err(|_| wrong())? * *factor as f64;
        if bytes >= 1.0 && bytes < u64::MAX as f64 { Ok(Self(bytes as u64)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Option<u64> {
        text.parse::<Bytes>().ok().map(|bytes| bytes.0)
    }

    #[test]
    fn units_are_decimal_and_those_with_i_binary() {
        assert_eq!(bytes("1024"), Some(1024));
        assert_eq!(bytes("512B"), Some(512));
        assert_eq!(bytes("4GB"), Some(4_000_000_000));
        assert_eq!(bytes("4 gb"), Some(4_000_000_000));
        assert_eq!(bytes("1.5g"), Some(1_500_000_000));
        assert_eq!(bytes("512MiB"), Some(512 << 20));
        assert_eq!(bytes("2Gi"), Some(2 << 30));
        assert_eq!(bytes("64k"), Some(64_000));
    }

    #[test]
    fn nothing_else_is_an_amount() {
        for text in
            ["", "GB", "0", "0.1", "-1GB", "4XB", "4GBB", "1e3", "four", "1.2.3k", "99999999TB", "nan"]
        {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
