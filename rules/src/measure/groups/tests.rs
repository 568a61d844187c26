use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use proptest::prelude::*;

use super::{GroupCounts, Groups};
use crate::mask::RowSet;
use crate::room::{Room, Small};

fn groups(keys: &[i64]) -> Groups {
    let column: ArrayRef = Arc::new(Int64Array::from(keys.to_vec()));
    Groups::of(&[column], &RowSet::all(keys.len()), false, None).unwrap()
}

fn expected(keys: &[i64]) -> GroupCounts {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    let repeated = runs.clone().filter(|run| run.len() > 1).count() as u64;
    GroupCounts { rows: keys.len() as u64, distinct: runs.count() as u64, repeated }
}

proptest! {
    #[test]
    fn counts_are_the_same_wherever_the_keys_are(
        parts in prop::collection::vec(prop::collection::vec(-40..40i64, 0..30), 0..12), bytes in 0..2000u64,
    ) {
        let small = Small::of(bytes);
        let room: Arc<dyn Room> = Arc::<Small>::clone(&small);
        let mut all = Groups::default();
        for part in &parts {
            all.merge(groups(part));
            if room.is_full(all.bytes() as u64) {
                all.put_away(&room).unwrap();
            }
        }
        let expected = expected(&parts.concat());
        prop_assert_eq!(all.counts().unwrap(), expected);
        let stored: Groups = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
        prop_assert_eq!(stored.counts().unwrap(), expected);
    }
}

#[test]
fn keys_that_cannot_be_read_back_are_not_counted() {
    let small = Small::of(0);
    let room: Arc<dyn Room> = Arc::<Small>::clone(&small);
    let mut all = groups(&[1, 2, 3]);
    all.put_away(&room).unwrap();
    small.lose();
    assert!(all.counts().is_err());
    assert!(serde_json::to_string(&all).is_err());
}
