//! Hive partitions: what a path says about its rows.

use crate::store::{NULL_PARTITION, unescape};

/// A partition column and its value as a folder name says it; `None` is Hive's default partition.
pub type PartitionValue = (String, Option<String>);

/// The `name=value` folders of a path below its source, outermost first, unescaped.
///
/// `created_at=2013-01-01T00%3A00/part-0.parquet` gives `created_at` and `2013-01-01T00:00`.
pub(super) fn values_of(path: &str) -> Vec<PartitionValue> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .split('/')
        .filter_map(|folder| folder.split_once('='))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| {
            let value = unescape(value);
            (unescape(name), (value != NULL_PARTITION).then_some(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::partition::folder;
    use proptest::prelude::*;

    #[test]
    fn folders_without_an_equals_sign_say_nothing() {
        assert_eq!(values_of("a/b/c.parquet"), []);
        assert_eq!(values_of("year=2013/x/month=1/c.parquet").len(), 2);
    }

    #[test]
    fn the_default_partition_is_null() {
        assert_eq!(values_of("k=__HIVE_DEFAULT_PARTITION__/c.parquet"), [("k".into(), None)]);
    }

    proptest! {
        #[test]
        fn what_the_sink_writes_is_what_the_scan_reads(name in "[a-z=/ é%]{1,12}", value in "\\PC{1,40}") {
            prop_assume!(!name.is_empty());
            let path = format!("{}/x.parquet", folder(&name, Some(&value)).unwrap());
            prop_assert_eq!(values_of(&path), vec![(name, Some(value))]);
        }
    }
}
