//! How much room measures take, where many of them are held beside each other.

use super::{Accumulated, Accumulator};

impl Accumulated {
    /// About as many bytes as are held of values, keys, pairs and the like. More rows never come to less, and the
    /// same rows to the same once it is settled, so that a bound on it does not depend on how they were split: what
    /// was given up for being too much counts as when it was held. (Runs of numbers may come to less.)
    pub(crate) fn bytes(&self) -> usize {
        match &self.accumulator {
            Accumulator::Quantiles(values) => values.bytes(),
            Accumulator::Distinct(values) => values.bytes(),
            Accumulator::Groups(keys) => keys.bytes(),
            Accumulator::Frequencies(values) => values.bytes(),
            Accumulator::Spellings(texts) => texts.bytes(),
            Accumulator::Contingency(table) => table.bytes(),
            Accumulator::Dependency(keys) => keys.bytes(),
            Accumulator::Adjacent(values) => values.bytes(),
            Accumulator::Pairs(pairs) => pairs.bytes(),
            Accumulator::Runs(runs) => runs.bytes(),
            Accumulator::Periods(periods) => periods.bytes(),
            Accumulator::DeclaredValues(values) => values.bytes(),
            // These hold a few numbers or rows, ...
            Accumulator::Rows
            | Accumulator::NullRows(_)
            | Accumulator::Extremes(_)
            | Accumulator::Moments(_)
            | Accumulator::CoMoments(_)
            | Accumulator::Bins(_)
            | Accumulator::Total(_)
            // ... and these are not measured group by group.
            | Accumulator::Profiles(_)
            | Accumulator::PairSums(_)
            | Accumulator::Partners(_)
            | Accumulator::ByKey(_) => 0,
        }
    }

    /// Brings what waits among what is settled, which takes less room.
    pub(crate) fn settle(&mut self) {
        match &mut self.accumulator {
            Accumulator::Groups(keys) => keys.settle(),
            Accumulator::Runs(runs) => runs.settle(),
            _ => {}
        }
    }
}
