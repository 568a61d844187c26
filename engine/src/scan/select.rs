//! Which partitions a source reads.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::partition::PartitionValue;

/// Which values of one partition column are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Every value.
    All,
    /// The greatest value there is.
    Latest,
    /// Values from `from` up to and including `to`.
    Range {
        /// Least value wanted; none means from the beginning.
        from: Option<String>,
        /// Greatest value wanted; none means to the end.
        to: Option<String>,
    },
    /// These values.
    Values(Vec<String>),
}

/// For each file, whether its partition is wanted. `files` gives each file's partition values; a file
/// without `column` is never wanted unless all are. Null is never latest and in no range.
pub(super) fn wanted_files(files: &[Vec<PartitionValue>], column: &str, wanted: &Wanted) -> Vec<bool> {
    let value = |file: &Vec<PartitionValue>| {
        file.iter().find(|(name, _)| name == column).and_then(|(_, value)| value.clone())
    };
    let latest = files.iter().filter_map(value).max_by(|a, b| compare(a, b));
    files
        .iter()
        .map(|file| match (wanted, value(file)) {
            (Wanted::All, _) => true,
            (_, None) => false,
            (Wanted::Latest, value) => value == latest,
            (Wanted::Range { from, to }, Some(value)) => {
                from.as_ref().is_none_or(|from| compare(from, &value) != Ordering::Greater)
                    && to.as_ref().is_none_or(|to| compare(&value, to) != Ordering::Greater)
            }
            (Wanted::Values(values), Some(value)) => values.contains(&value),
        })
        .collect()
}

/// Values asked for by name that no file has.
pub(super) fn absent_values(files: &[Vec<PartitionValue>], column: &str, wanted: &Wanted) -> Vec<String> {
    let Wanted::Values(values) = wanted else { return Vec::new() };
    let found: BTreeSet<&String> = files
        .iter()
        .flatten()
        .filter(|(name, _)| name == column)
        .filter_map(|(_, value)| value.as_ref())
        .collect();
    values.iter().filter(|value| !found.contains(value)).cloned().collect()
}

/// Whole numbers by value, everything else by text, so that ISO dates and times sort by time.
fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<i128>(), b.parse::<i128>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(values: &[&str]) -> Vec<Vec<PartitionValue>> {
        values.iter().map(|value| vec![("day".to_owned(), Some((*value).to_owned()))]).collect()
    }

    #[test]
    fn latest_takes_every_file_of_the_greatest_value() {
        let files = files(&["2013-01-02", "2013-01-10", "2013-01-10", "2013-01-09"]);
        assert_eq!(wanted_files(&files, "day", &Wanted::Latest), [false, true, true, false]);
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert_eq!(wanted_files(&files(&["9", "10"]), "day", &Wanted::Latest), [false, true]);
    }

    #[test]
    fn a_range_includes_both_its_ends() {
        let range = Wanted::Range { from: Some("b".into()), to: Some("c".into()) };
        assert_eq!(wanted_files(&files(&["a", "b", "c", "d"]), "day", &range), [false, true, true, false]);
    }

    #[test]
    fn a_value_asked_for_that_is_not_there_is_told() {
        let wanted = Wanted::Values(vec!["a".into(), "z".into()]);
        assert_eq!(absent_values(&files(&["a"]), "day", &wanted), ["z"]);
    }

    #[test]
    fn the_null_partition_is_neither_latest_nor_in_a_range() {
        let files = vec![vec![("day".to_owned(), None)]];
        assert_eq!(wanted_files(&files, "day", &Wanted::Latest), [false]);
        assert_eq!(wanted_files(&files, "day", &Wanted::All), [true]);
    }
}
