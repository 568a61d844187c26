//! Whether a whole text matches a pattern: by a table of states where that is small, else by search.
//!
//! A table costs a look-up a byte and nothing a text. It is built from the pattern alone, tracking every way
//! to match, so that the text matches exactly if one of them ends where the text does.

use regex::Regex;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};

/// Most bytes of a table, which should stay in the processor's cache.
const TABLE_BYTES: usize = 256 << 10;
/// Most bytes that are used to find out whether a table is small.
const BUILDING_BYTES: usize = 2 << 20;

/// Tells whether texts match.
#[derive(Debug)]
pub(crate) enum Matcher {
    /// The whole text, by a table and its first state.
    Table(Box<dense::DFA<Vec<u32>>>, StateID),
    /// As the expression says.
    Search(Regex),
}

impl Matcher {
    /// Of any part of a text.
    pub(crate) fn of_part(pattern: &str) -> Result<Self, regex::Error> {
        Regex::new(pattern).map(Self::Search)
    }

    /// Of a whole text.
    pub(crate) fn of_whole(pattern: &str) -> Result<Self, regex::Error> {
        // What is wrong with a pattern is told in the words of the search.
        let search = Regex::new(&format!(r"\A(?:{pattern})\z"))?;
        Ok(table(pattern).map_or(Self::Search(search), |(table, start)| Self::Table(Box::new(table), start)))
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Search(pattern) => pattern.is_match(text),
            Self::Table(table, start) => {
                let mut state = *start;
                for byte in text.bytes() {
                    state = table.next_state(state, byte);
                    if table.is_dead_state(state) {
                        return false;
                    }
                }
                table.is_match_state(table.next_eoi_state(state))
            }
        }
    }
}

/// The table of a pattern and its first state, if it has a small one.
fn table(pattern: &str) -> Option<(dense::DFA<Vec<u32>>, StateID)> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(TABLE_BYTES))
        .determinize_size_limit(Some(BUILDING_BYTES));
    let table = dense::Builder::new().configure(config).build(pattern).ok()?;
    let start = table.start_state_forward(&Input::new("").anchored(Anchored::Yes)).ok()?;
    Some((table, start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 12] = [
        "a|ab",
        "(a|ab)(c|bcd)*",
        "[A-Z]{2}[0-9]+",
        "",
        "a*?b",
        "^a$|b",
        r"é+\.?",
        "(?i)abc",
        r"\d{1,3}",
        ".*",
        " *[A-Za-z]+-[0-9]+ *",
        r"(?s-u:.)*",
    ];

    proptest! {
        #[test]
        fn a_table_matches_what_a_search_does(pattern in prop::sample::select(&PATTERNS[..]), text in "[abcdABé0-9. -]{0,6}") {
            let search = Regex::new(&format!(r"\A(?:{pattern})\z"));
            let Ok(search) = search else { return Ok(()) };
            let matcher = Matcher::of_whole(pattern).unwrap();
            prop_assert_eq!(matcher.is_match(&text), search.is_match(&text), "{} on {:?}", pattern, text);
        }
    }

    #[test]
    fn ordinary_patterns_get_a_table_and_others_are_searched_for() {
        let is_table = |pattern| matches!(Matcher::of_whole(pattern).unwrap(), Matcher::Table(..));
        assert!(is_table(" *[A-Za-z]+-[0-9]+ *"));
        assert!(is_table("[A-Z]{2}[0-9]+"));
        assert!(!is_table(r"\bword\b"));
        assert!(!is_table(r"(?:\w{9}|x){4}"));
    }

    #[test]
    fn a_wrong_pattern_is_refused_in_the_words_of_the_library() {
        assert!(Matcher::of_whole("(a").unwrap_err().to_string().contains("unclosed group"));
    }
}
