//! Hive-style partition folders, `column=value`, escaped as Spark does.

use std::fmt::Write as _;

/// What stands for null in a partition folder's name.
pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The folder of the partition where `column` is `value`. Null and empty both become
/// [`NULL_PARTITION`], as in Spark.
pub fn partition_folder(column: &str, value: Option<&str>) -> String {
    match value {
        None | Some("") => format!("{}={NULL_PARTITION}", escape(column)),
        Some(value) => format!("{}={}", escape(column), escape(value)),
    }
}

/// `text` with the characters escaped that Spark escapes in partition paths, and NUL.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if needs_escape(c) {
            // Infallible: writing to a string.
            let _ = write!(escaped, "%{:02X}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The inverse of [`escape`]; a `%` that two hexadecimal digits do not follow stands for itself.
pub fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn needs_escape(c: char) -> bool {
    c.is_ascii_control()
        || matches!(c, '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '{' | '[' | ']' | '^')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_escaped_as_spark_does() {
        assert_eq!(
            partition_folder("created_at", Some("2013-01-01T00:00:00.000Z")),
            "created_at=2013-01-01T00%3A00%3A00.000Z"
        );
    }

    #[test]
    fn null_and_empty_share_a_folder() {
        assert_eq!(partition_folder("a", None), partition_folder("a", Some("")));
    }

    #[test]
    fn whatever_is_escaped_comes_back() {
        for text in ["../..", "a/b", "a=b", "100%", "%41", "\0\n\u{7f}", "ä ß 漢", "~ + & ,", "%zz"] {
            assert_eq!(unescape(&escape(text)), text);
            assert!(!escape(text).contains('/'));
        }
    }
}
