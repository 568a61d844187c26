//! `SodaCL` in one line: a metric, its columns, and what it is compared with.

use serde_json::Value;

use super::bounds::{Bounds, Is};

pub(super) struct Metric<'a> {
    /// Its name.
    pub(super) name: String,
    /// What stands in its brackets.
    pub(super) columns: Vec<String>,
    /// What stands behind it.
    pub(super) rest: &'a str,
}

/// `duplicate_count(a, b) < 5`, taken apart.
pub(super) fn metric(text: &str) -> Result<Metric<'_>, String> {
    let text = text.trim();
    for (start, why) in [
        (
            "distribution_difference",
            "its reference distribution is in another file; write a check of the folder distribution",
        ),
        ("group by", "it is judged by groups that a query makes"),
        ("group evolution", "it judges by history"),
    ] {
        if text.starts_with(start) {
            return Err(why.into());
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (columns, rest) = match rest.trim_start().strip_prefix('(') {
        Some(inside) => {
            let (inside, rest) = inside.split_once(')').ok_or("a bracket is not closed")?;
            (inside.split(',').map(|name| unquoted(name.trim()).to_owned()).collect(), rest)
        }
        None => (Vec::new(), rest),
    };
    if name.is_empty() {
        return Err("it is no metric".into());
    }
    Ok(Metric { name: name.to_owned(), columns, rest: rest.trim() })
}

pub(super) fn unquoted(name: &str) -> &str {
    let inside = |quote: char| name.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '`', '\''].into_iter().find_map(inside).unwrap_or(name)
}

/// A condition that holds where `condition` does not.
pub(super) fn negated(condition: &str) -> Result<String, String> {
    if let Some(inside) = condition.strip_prefix("not between ") {
        return Ok(format!("between {inside}"));
    }
    if condition.starts_with("between ") {
        return Ok(format!("not {condition}"));
    }
    let at = condition.find(|c: char| !"<>=!".contains(c)).unwrap_or(condition.len());
    let is = Is::of(&condition[..at]).ok_or_else(|| format!("`{condition}` is not a comparison"))?;
    let sign = match is.negated() {
        Is::Less => "<",
        Is::AtMost => "<=",
        Is::Greater => ">",
        Is::AtLeast => ">=",
        Is::Equal => "=",
        Is::Unequal => "!=",
    };
    Ok(format!("{sign} {}", condition[at..].trim()))
}

pub(super) fn number(text: &str) -> Result<Value, String> {
    let plain = text.trim().trim_end_matches('%').trim().trim_start_matches('+');
    match serde_json::from_str(plain) {
        Ok(number @ Value::Number(_)) => Ok(number),
        _ => Err(format!("`{text}` is not a number")),
    }
}

/// The limits in `< 5`, `between 1 and 5` and the like.
pub(super) fn bounds(condition: &str) -> Result<Bounds, String> {
    if condition.starts_with("not between ") {
        return Err("what lies outside of a range is not one range".into());
    }
    if let Some(inside) = condition.strip_prefix("between ") {
        let (min, max) =
            inside.split_once(" and ").ok_or_else(|| format!("`{condition}` has not two limits"))?;
        let (strict_min, min) = (min.trim().starts_with('('), min.trim().trim_start_matches(['(', '[']));
        let (strict_max, max) = (max.trim().ends_with(')'), max.trim().trim_end_matches([')', ']']));
        return Ok(Bounds { min: Some(number(min)?), max: Some(number(max)?), strict_min, strict_max });
    }
    let at = condition.find(|c: char| !"<>=!".contains(c)).unwrap_or(condition.len());
    let is = Is::of(&condition[..at]).ok_or_else(|| format!("`{condition}` is not a comparison"))?;
    Bounds::that(is, number(&condition[at..])?)
}

/// `1d12h` in the smallest unit it names.
pub(super) fn age(text: &str) -> Result<String, String> {
    let unclear = || format!("`{text}` is not an age");
    let (mut seconds, mut smallest, mut digits) = (0_u64, "s", String::new());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let (unit, length) = match c {
            'd' => ("d", 86_400),
            'h' => ("h", 3_600),
            'm' => ("m", 60),
            's' => ("s", 1),
            _ => return Err(unclear()),
        };
        let count: u64 = std::mem::take(&mut digits).parse().map_err(|_| unclear())?;
        seconds = count.checked_mul(length).and_then(|more| seconds.checked_add(more)).ok_or_else(unclear)?;
        smallest = unit;
    }
    let length = match smallest {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    if seconds == 0 || !digits.is_empty() {
        Err(unclear())
    } else {
        Ok(format!("{}{smallest}", seconds / length))
    }
}
