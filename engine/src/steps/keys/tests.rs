use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{AnyValue, DataFrame, IntoColumn, df};
use proptest::prelude::*;

use super::{KeyEncoder, KeySet, Keys, Sharded, Table, Wide};
use crate::steps::trial_frames::{cuts, frames};

/// A key as text that is equal exactly if the key is.
fn text(frame: &DataFrame, names: &[&str], row: usize) -> String {
    let part = |name: &&str| match frame.column(name).unwrap().get(row).unwrap() {
        AnyValue::Float64(value) if value.is_nan() => "NaN".to_owned(),
        AnyValue::Float64(value) => format!("{:?}", value + 0.0),
        value => format!("{:?}", value.into_static()),
    };
    names.iter().map(part).collect::<Vec<_>>().join("\u{1f}")
}

/// The words of all rows, in row order; the narrow ones and the wide ones told apart.
fn words(keys: &Keys, rows: usize) -> Vec<Option<(bool, Wide)>> {
    let mut words = vec![None; rows];
    for (index, key) in keys.narrow.keys.iter().enumerate() {
        assert!(words[keys.narrow.row(index)].replace((false, [*key, 0])).is_none());
    }
    for (index, key) in keys.wide.keys.iter().enumerate() {
        assert!(words[keys.wide.row(index)].replace((true, *key)).is_none());
    }
    words
}

const KEYS: [&[&str]; 11] = [
    &["i"],
    &["n"],
    &["u"],
    &["f"],
    &["t"],
    &["d"],
    &["i", "n"],
    &["z", "b"],
    &["n", "b", "i"],
    &["i", "u", "z", "d"],
    &["t", "i", "f"],
];

proptest! {
    #[test]
    fn words_are_equal_exactly_when_keys_are(frame in frames(), names in prop::sample::select(&KEYS[..])) {
        let encoder = KeyEncoder::new(names.iter().copied(), frame.schema()).unwrap();
        let words = words(&encoder.encode(&frame).unwrap(), frame.height());
        let mut word_of = BTreeMap::new();
        let mut key_of = BTreeMap::new();
        for (row, word) in words.into_iter().enumerate() {
            let (key, word) = (text(&frame, names, row), word.unwrap());
            prop_assert_eq!(word_of.entry(key.clone()).or_insert(word), &word);
            prop_assert_eq!(key_of.entry(word).or_insert(key.clone()), &key);
        }
    }

    #[test]
    fn rows_with_a_null_are_left_out_on_demand(frame in frames(), names in prop::sample::select(&KEYS[..])) {
        let encoder = KeyEncoder::new(names.iter().copied(), frame.schema()).unwrap();
        let all = words(&encoder.encode(&frame).unwrap(), frame.height());
        let valid = words(&encoder.encode_valid(&frame).unwrap(), frame.height());
        for row in 0..frame.height() {
            let null = names.iter().any(|name| frame.column(name).unwrap().get(row).unwrap().is_null());
            prop_assert_eq!(valid[row], if null { None } else { all[row] });
        }
    }

    #[test]
    fn the_set_finds_what_was_there_before(frame in frames(), names in prop::sample::select(&KEYS[..]), cuts in cuts()) {
        let encoder = KeyEncoder::new(names.iter().copied(), frame.schema()).unwrap();
        let (mut set, mut seen) = (KeySet::default(), BTreeSet::new());
        let (mut at, mut cuts) = (0, cuts.iter().cycle());
        while at < frame.height() {
            let batch = frame.slice(at as i64, *cuts.next().unwrap());
            let mut repeated = set.insert(&Sharded::new(&encoder.encode(&batch).unwrap()));
            repeated.sort_unstable();
            let expected = (0..batch.height()).filter(|row| !seen.insert(text(&batch, names, *row)));
            prop_assert_eq!(repeated, expected.map(|row| row as u32).collect::<Vec<_>>());
            at += batch.height();
        }
        prop_assert_eq!(set.len(), seen.len());
    }

    #[test]
    fn the_table_is_a_map(keys in prop::collection::vec(0u64..500, 0..2000), probes in prop::collection::vec(0u64..1000, 0..100)) {
        let (mut table, mut map) = (Table::<u64, u32>::default(), BTreeMap::new());
        table.insert_each(&keys, |index| index as u32, |index, value, new| {
            let expected = *map.entry(keys[index]).or_insert(index as u32);
            assert_eq!((*value, new), (expected, expected == index as u32));
        });
        prop_assert_eq!(table.len(), map.len());
        table.get_each(&probes, |index, found| assert_eq!(found, map.get(&probes[index]).copied()));
    }
}

#[test]
fn small_values_make_narrow_keys_and_great_ones_wide() {
    let frame = df!["order" => [1i64, 60_000_000, i64::MAX], "line" => [1i32, 7, 7]].unwrap();
    let keys = KeyEncoder::new(["order", "line"], frame.schema()).unwrap().encode(&frame).unwrap();
    assert_eq!((keys.narrow.rows, keys.wide.rows), (Some(vec![0, 1]), Some(vec![2])));
}

#[test]
fn a_list_cannot_be_a_key() {
    let frame = df!["a" => [1, 2]].unwrap();
    let list = frame.column("a").unwrap().as_materialized_series().implode().unwrap();
    let frame = DataFrame::new(1, vec![list.into_column()]).unwrap();
    assert!(KeyEncoder::new(["a"], frame.schema()).is_err());
}
