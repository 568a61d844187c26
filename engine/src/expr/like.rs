//! `LIKE` and `ILIKE`.

use polars::prelude::{Expr, lit};

/// `input LIKE pattern`: `%` stands for any text, `_` for one character. Null for null.
pub(super) fn like(input: Expr, pattern: &str, escape: Option<char>, fold_case: bool) -> Expr {
    let parts = parts(pattern, escape);
    let literal = |parts: &[Part]| -> Option<String> {
        parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None }).collect()
    };
    if !fold_case {
        let (first, last) = (parts.first() == Some(&Part::Any), parts.last() == Some(&Part::Any));
        let inner = match (first, last) {
            (true, true) => parts.get(1..parts.len() - 1).and_then(literal),
            (true, false) => literal(&parts[1..]),
            (false, true) => literal(&parts[..parts.len() - 1]),
            (false, false) => literal(&parts),
        };
        match (inner, first, last) {
            (Some(text), true, true) => return input.str().contains_literal(lit(text)),
            (Some(text), true, false) => return input.str().ends_with(lit(text)),
            (Some(text), false, true) => return input.str().starts_with(lit(text)),
            (Some(text), false, false) => return input.eq(lit(text)),
            (None, ..) => {}
        }
    }
    input.str().contains(lit(regex(&parts, fold_case)), true)
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

fn parts(pattern: &str, escape: Option<char>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            _ if Some(c) == escape => Part::Char(chars.next().unwrap_or(c)),
            '%' => Part::Any,
            '_' => Part::One,
            c => Part::Char(c),
        });
    }
    parts
}

fn regex(parts: &[Part], fold_case: bool) -> String {
    let mut out = String::from(if fold_case { "(?si)^" } else { "(?s)^" });
    for part in parts {
        match part {
            Part::Any => out.push_str(".*"),
            Part::One => out.push('.'),
            Part::Char(c) => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_to_a_regex_is_plain_to_like() {
        let pattern = regex(&parts("a.b_%$", None), false);
        let compiled = regex::Regex::new(&pattern).unwrap();
        assert!(compiled.is_match("a.bx\n yy$"));
        assert!(!compiled.is_match("aXbx$"));
        assert_eq!(parts(r"10\%", Some('\\')), [Part::Char('1'), Part::Char('0'), Part::Char('%')]);
    }
}
