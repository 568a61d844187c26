use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{AnyValue, DataFrame, IntoColumn, df};
use proptest::prelude::*;

use super::{KeyEncoder, KeySet, Keys, Part, Sharded, Table, Wide};
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
    fn the_set_is_the_same_for_words_far_apart_and_close_together(
        stretches in prop::collection::vec((any::<u64>(), 0u32..64, 1u64..6000), 1..6), seed: u64,
    ) {
        // Stretches of words a power of two apart, in an order of their own, every word twice.
        let mut keys: Vec<u64> = stretches
            .iter()
            .flat_map(|(start, apart, count)| {
                (0..*count).map(|n| start.wrapping_add(n.wrapping_shl(*apart)))
            })
            .flat_map(|key| [key, key])
            .collect();
        keys.sort_by_key(|key| (key ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40);
        let (mut set, mut seen) = (KeySet::default(), BTreeSet::new());
        for batch in keys.chunks(1500) {
            let part = Part { keys: batch.to_vec(), rows: None };
            let mut repeated = set.insert(&Sharded::new(&Keys { narrow: part, ..Keys::default() }));
            repeated.sort_unstable();
            let expected = batch.iter().zip(0u32..).filter(|(key, _)| !seen.insert(**key)).map(|(_, row)| row);
            prop_assert_eq!(repeated, expected.collect::<Vec<_>>());
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

/// Bytes a key that a set takes after `count` of the keys that `key` gives.
fn bytes_each(count: u64, key: impl Fn(u64) -> u64) -> f64 {
    let mut set = KeySet::default();
    let keys: Vec<u64> = (0..count).map(key).collect();
    for batch in keys.chunks(10_000) {
        let part = Part { keys: batch.to_vec(), rows: None };
        set.insert(&Sharded::new(&Keys { narrow: part, ..Keys::default() }));
    }
    set.bytes() as f64 / set.len() as f64
}

#[test]
fn serial_numbers_take_less_than_two_bytes_and_scattered_ones_no_more_than_a_hash_table() {
    const COUNT: u64 = 2_000_000;
    let shuffled = |n: u64| n.wrapping_mul(0x9E37_79B1) % 0x0080_0000;
    assert!(bytes_each(COUNT, |n| n * 4) < 2.0);
    assert!(bytes_each(COUNT, shuffled) < 2.0, "whatever order they come in");
    assert!(bytes_each(COUNT, |n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) < 22.0);
}
