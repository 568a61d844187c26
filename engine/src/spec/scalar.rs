//! What a plain scalar means: the core schema of YAML 1.2.
//!
//! `yes`, `no`, `on` and `off` are text, as are dates. A whole number that does not fit in 64 bits is
//! an error rather than a rounded number.

use super::node::Value;
use crate::error::{Error, Result};

/// The value of the plain scalar `text`.
pub(super) fn plain(text: &str) -> Result<Value> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => typed(text)?.unwrap_or_else(|| Value::Text(text.to_owned())),
    })
}

/// The value of a plain scalar into which variables were filled: typed if it is wholly a number or a
/// boolean, text otherwise, also where it is empty or reads `null`.
pub(super) fn filled(text: String) -> Result<Value> {
    Ok(typed(&text)?.unwrap_or(Value::Text(text)))
}

fn typed(text: &str) -> Result<Option<Value>> {
    Ok(match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => Some(Value::Float(f64::NAN)),
        _ => number(text)?,
    })
}

fn number(text: &str) -> Result<Option<Value>> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Ok(Some(Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY })));
    }
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        _ => 10,
    };
    let body = if radix == 10 { digits } else { &digits[2..] };
    let whole = !body.is_empty() && body.chars().all(|c| c.is_digit(radix));
    if whole && (radix == 10 || digits.len() == text.len()) {
        let signed = if negative { format!("-{body}") } else { body.to_owned() };
        return i64::from_str_radix(&signed, radix).map(|value| Some(Value::Int(value))).map_err(|_| {
            Error::wrong(format!("the number {text} does not fit in 64 bits"))
                .hint("put it in quotes to make it text")
        });
    }
    Ok(if is_float(digits) { text.parse().ok().map(Value::Float) } else { None })
}

/// Whether `text` is `digits[.digits][e[±]digits]` or `.digits…`.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.is_none_or(|part| {
        let part = part.strip_prefix(['+', '-']).unwrap_or(part);
        !part.is_empty() && digits(part)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let cases = [
            ("12", Value::Int(12)),
            ("-7", Value::Int(-7)),
            ("+3", Value::Int(3)),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("1.5", Value::Float(1.5)),
            ("1e3", Value::Float(1000.0)),
            (".5", Value::Float(0.5)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("true", Value::Bool(true)),
            ("~", Value::Null),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).unwrap(), expected, "{text}");
        }
        for text in
            ["yes", "on", "2024-01-01", "1_000", "1.2.3", "-", ".", "e5", "1e", "0x", "inf", "nan", "-0x1"]
        {
            assert_eq!(plain(text).unwrap(), Value::Text(text.into()), "{text}");
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_an_error() {
        assert!(plain("9223372036854775808").is_err());
    }

    #[test]
    fn an_empty_filled_scalar_is_text() {
        assert_eq!(filled(String::new()).unwrap(), Value::Text(String::new()));
        assert_eq!(filled("null".into()).unwrap(), Value::Text("null".into()));
        assert_eq!(filled("12".into()).unwrap(), Value::Int(12));
    }
}
