//! What was suggested, in short.

use super::escape::escape;
use super::figures::things;
use super::lines::lines;
use super::paint::{STRONG, paint};
use crate::suggest::{Suggestion, check};

/// How many checks there are, and those that failed the test on `others`.
pub(crate) fn suggested(kept: usize, left_out: &[Suggestion], others: &str) -> String {
    let head = format!("{} suggested", things(kept as u64, "check", "checks"));
    let mut all = vec![paint(STRONG, &head)];
    if !left_out.is_empty() {
        all.push(format!("{}:", paint(STRONG, &format!("left out, as {others} fail"))));
    }
    for suggestion in left_out {
        let told = check(suggestion).split_whitespace().collect::<Vec<_>>().join(" ");
        all.push(format!("  {} ({})", escape(&told), escape(&suggestion.evidence)));
    }
    lines(all)
}
