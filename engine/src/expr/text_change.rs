//! Cleaning of texts of which most are clean already: they are looked at and left as they are.

use std::borrow::Cow;

use polars::prelude::{
    ChunkTake, DataType, Expr, IdxCa, IntoSeries, NewChunkedArray, PolarsResult, StringChunked,
};

use super::kernel::kernel;

/// Text in capital letters.
pub(crate) fn uppercase(text: Expr) -> Expr {
    let is_small = |byte: u8| byte.is_ascii_lowercase() || !byte.is_ascii();
    changed(text, move |text| text.bytes().any(is_small).then(|| text.to_uppercase()))
}

/// Text in small letters.
pub(crate) fn lowercase(text: Expr) -> Expr {
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || !byte.is_ascii();
    changed(text, move |text| text.bytes().any(is_capital).then(|| text.to_lowercase()))
}

/// Text without `characters`, or without white space, at its start or end or both.
pub(crate) fn trimmed(text: Expr, characters: Option<&str>, start: bool, end: bool) -> Expr {
    let set: Option<Vec<char>> = characters.map(|characters| characters.chars().collect());
    changed(text, move |text| {
        let goes = |c: char| set.as_ref().map_or_else(|| c.is_whitespace(), |set| set.contains(&c));
        let kept = if start { text.trim_start_matches(goes) } else { text };
        let kept = if end { kept.trim_end_matches(goes) } else { kept };
        (kept.len() < text.len()).then(|| kept.to_owned())
    })
}

/// Each text, or what `change` makes of it; null stays null.
fn changed(text: Expr, change: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Expr {
    kernel(vec![text], DataType::String, move |args| Ok(with_changes(args[0].str()?, &change)?.into_series()))
}

fn with_changes(
    texts: &StringChunked,
    change: &dyn Fn(&str) -> Option<String>,
) -> PolarsResult<StringChunked> {
    let mut rows: Vec<u32> = Vec::new();
    let mut changes: Vec<String> = Vec::new();
    for (row, text) in (0u32..).zip(texts.iter()) {
        if let Some(change) = text.and_then(change) {
            rows.push(row);
            changes.push(change);
        }
    }
    if rows.is_empty() {
        return Ok(texts.clone());
    }
    let name = texts.name().clone();
    if rows.len() > texts.len() / 4 {
        let mut changes = rows.into_iter().zip(changes).peekable();
        let all = (0u32..).zip(texts.iter()).map(|(row, text)| match changes.next_if(|(at, _)| *at == row) {
            Some((_, change)) => Some(Cow::Owned(change)),
            None => text.map(Cow::Borrowed),
        });
        return Ok(StringChunked::from_iter_options(name, all));
    }
    // The texts with the changes below them, picked so that each change stands where it belongs.
    let mut places: Vec<u32> = (0..texts.len() as u32).collect();
    for (place, row) in (texts.len() as u32..).zip(rows) {
        places[row as usize] = place;
    }
    let below = StringChunked::from_iter_values(name.clone(), changes.iter().map(String::as_str));
    let mut both = texts.clone();
    both.append(&below)?;
    both.rechunk().take(&IdxCa::from_vec(name, places))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoColumn, IntoLazy, col, lit};
    use proptest::prelude::*;

    use super::*;

    /// What two expressions over the column `t` give.
    fn both(texts: &[Option<String>], own: Expr, of_polars: Expr) -> (DataFrame, DataFrame) {
        let texts = StringChunked::from_iter_options("t".into(), texts.iter().cloned()).into_column();
        let frame = DataFrame::new(texts.len(), vec![texts]).unwrap();
        let select = |expr: Expr| frame.clone().lazy().select([expr.alias("t")]).collect().unwrap();
        (select(own), select(of_polars))
    }

    proptest! {
        #[test]
        fn texts_are_cleaned_as_polars_cleans_them(
            clean in 0usize..200,
            texts in prop::collection::vec(prop::option::of("[ \\ta-cA-C\u{e9}\u{c9}\u{df}\u{3a3}x]{0,20}"), 0..40),
        ) {
            // Many clean texts, so that few of all change.
            let mut all: Vec<Option<String>> = vec![Some("A CLEAN ONE".to_owned()); clean];
            all.extend(texts);
            let t = || col("t");
            for (own, of_polars) in [
                (uppercase(t()), t().str().to_uppercase()),
                (lowercase(t()), t().str().to_lowercase()),
                (trimmed(t(), None, true, true), t().str().strip_chars(lit(polars::prelude::NULL))),
                (trimmed(t(), Some(" ax"), true, false), t().str().strip_chars_start(lit(" ax"))),
                (trimmed(t(), Some("xA"), false, true), t().str().strip_chars_end(lit("xA"))),
            ] {
                let (own, of_polars) = both(&all, own, of_polars);
                prop_assert!(own.equals_missing(&of_polars), "{own} {of_polars}");
            }
        }
    }
}
