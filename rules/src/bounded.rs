//! Texts as names of values: long ones by their beginning.

use xxhash_rust::xxh3::xxh3_64;

/// Longer texts are cut after so many characters and told apart by a hash.
const SHOWN_CHARACTERS: usize = 64;

/// A text, or the beginning of a long one with a hash of the whole.
pub(crate) fn bounded(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}… {:08x}", &text[..end], xxh3_64(text.as_bytes()) as u32),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_with_one_beginning_are_told_apart() {
        let long = "ü".repeat(100);
        let (one, two) = (bounded(&format!("{long}1")), bounded(&format!("{long}2")));
        assert!(one != two && one.starts_with(&"ü".repeat(SHOWN_CHARACTERS)) && one.chars().count() < 80);
        assert_eq!(bounded("short"), "short");
    }
}
