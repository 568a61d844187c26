//! Lets `${name}` stand unquoted inside `{…}` and `[…]`, where YAML would take its braces for its own.
//!
//! Before parsing, brackets and commas inside a reference are replaced, one character for one, by
//! noncharacters of Unicode, which no text holds; scalars and keys get them back.

use std::borrow::Cow;

const PAIRS: [(char, char); 5] =
    [('{', '\u{fdd0}'), ('}', '\u{fdd1}'), ('[', '\u{fdd2}'), (']', '\u{fdd3}'), (',', '\u{fdd4}')];

/// `text` with what stands inside `${…}` on one line out of YAML's sight.
pub(super) fn shielded(text: &str) -> Cow<'_, str> {
    if !text.contains("${") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = start + reference(&rest[start..]).unwrap_or(1);
        out.push_str(&rest[..start]);
        out.extend(
            rest[start..end].chars().map(|c| PAIRS.iter().find(|(own, _)| *own == c).map_or(c, |(_, s)| *s)),
        );
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Length of the reference that `text` begins with: `${name}` or `${name:-default}`, without quotes.
fn reference(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("${")?;
    let name = inside.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let after = &inside[name..];
    let end = match after.strip_prefix(":-") {
        Some(default) => 2 + default.find(['}', '\n', '"', '\''])?,
        None => 0,
    };
    (name > 0 && after[end..].starts_with('}')).then_some(2 + name + end + 1)
}

/// `text` as it was before it was shielded.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    let stand_in = |c: char| PAIRS.iter().find(|(_, stand_in)| *stand_in == c).map(|(own, _)| *own);
    if text.chars().any(|c| stand_in(c).is_some()) {
        Cow::Owned(text.chars().map(|c| stand_in(c).unwrap_or(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Value, read};

    #[test]
    fn a_reference_stands_unquoted_inside_brackets() {
        let node = read("write: {to: ${lake}/${env:-a,b}/x, list: [${a}, ${b}]}").unwrap();
        let write = node.get("write").unwrap();
        assert_eq!(write.get("to").unwrap().as_text(), Some("${lake}/${env:-a,b}/x"));
        assert!(matches!(&write.get("list").unwrap().value, Value::List(items) if items.len() == 2));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_shielded_comes_back_at_the_same_columns(text in "[a${}\\[\\],:\n ]{0,40}") {
            let shielded = shielded(&text);
            proptest::prop_assert_eq!(bare(&shielded), text.as_str());
            proptest::prop_assert_eq!(shielded.chars().count(), text.chars().count());
        }
    }
}
