//! Counting the keys of a set, one partition after the other.

use std::io;

use hashbrown::HashMap;

use super::examples::Examples;
use super::runs::{AGAIN, Run, for_each_key, merge_runs};
use super::{GroupCounts, Groups};

/// What was counted so far.
pub(super) struct Survey<'k> {
    keys: &'k Groups,
    counts: GroupCounts,
    /// Whether rows to show are wanted.
    wanted: bool,
    /// The keys that repeat among those that wait and did not before, as `Examples::find` takes them.
    fresh: HashMap<u128, u64>,
    run: Run,
}

impl<'k> Survey<'k> {
    pub(super) fn of(keys: &'k Groups) -> Self {
        let counts = GroupCounts { rows: keys.rows, distinct: 0, repeated: 0 };
        let (wanted, fresh) = (keys.examples.are_wanted(), HashMap::new());
        Self { keys, counts, wanted, fresh, run: Run::default() }
    }

    /// Counts a partition, of which these keys were put away together with those of other sets.
    pub(super) fn add(&mut self, at: usize, together: &[u128]) -> io::Result<()> {
        self.run.gather(&self.keys.waiting, at);
        let settled = self.keys.settled(at)?;
        let settled = if together.is_empty() { settled } else { merge_runs(together, &settled) };
        for_each_key(&settled, &self.run.hashes, |hash, nth| {
            self.counts.distinct += 1;
            self.counts.repeated += u64::from(hash & AGAIN == AGAIN);
            if self.wanted && nth > 0 {
                self.fresh.insert(hash & !AGAIN, nth);
            }
        });
        Ok(())
    }

    /// The counts, and the rows to show.
    pub(super) fn result(self) -> (GroupCounts, Examples) {
        let mut examples = self.keys.examples.clone();
        examples.find(&self.keys.waiting, &self.fresh);
        (self.counts, examples)
    }
}
