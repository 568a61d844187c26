//! The cure for a misspelt name: the nearest known one, and what else there is.

/// How many known names a hint lists before it stops.
const LISTED: usize = 12;

/// The known name most like `word`, if one is like it at all.
///
/// Likeness is the edit distance with transpositions, without regard to case; a name counts as like
/// the word within a third of its length. The first of equally near names wins.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&word, &lower);
            let longer = word.chars().count().max(lower.chars().count());
            let related =
                lower.len() > 3 && word.len() > 3 && (lower.contains(&word) || word.contains(&lower));
            (distance * 3 <= longer || related).then_some((distance, name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A hint for an unknown `word`: the nearest of the known names, and the list of them.
///
/// `owner` says what has these names: "the source has".
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, owner: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut list = known.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    if known.len() > LISTED {
        list.push_str(", …");
    }
    let list = if known.is_empty() { format!("{owner} nothing") } else { format!("{owner} {list}") };
    match nearest(word, known) {
        Some(name) => format!("did you mean \"{name}\"? {list}"),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["customer_id", "order_id", "amount"];
        assert_eq!(nearest("custmer_id", known), Some("customer_id"));
        assert_eq!(nearest("Amount", known), Some("amount"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn the_hint_names_the_nearest_and_lists_the_rest() {
        assert_eq!(
            did_you_mean("custid", ["cust_id", "amount"], "the source has"),
            "did you mean \"cust_id\"? the source has cust_id, amount"
        );
        assert_eq!(did_you_mean("x", [], "the source has"), "the source has nothing");
    }
}
