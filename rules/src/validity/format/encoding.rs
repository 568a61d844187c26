//! Ways of writing data as text.

use serde::de::IgnoredAny;

/// RFC 8259.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// RFC 4648 section 4, with padding, and no bits set that the padding leaves over (section 3.5).
pub(super) fn is_base64(text: &str) -> bool {
    let symbols = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let last = symbols.bytes().last().and_then(sextet);
    let left_over = match text.len() - symbols.len() {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    text.len().is_multiple_of(4)
        && symbols.bytes().all(|b| sextet(b).is_some())
        && last.is_some_and(|last| last & left_over == 0)
}

/// The six bits a symbol stands for.
fn sextet(symbol: u8) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol - b'A'),
        b'a'..=b'z' => Some(symbol - b'a' + 26),
        b'0'..=b'9' => Some(symbol - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
