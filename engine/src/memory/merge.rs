//! Sorted runs on disk, merged into one order.

use std::sync::Arc;

use polars::prelude::{BinaryOffsetChunked, DataFrame, IdxCa, PlSmallStr};

use super::disk::{Disk, DiskFile};
use super::spool::Spool;
use super::stack::stack;
use crate::error::{Error, Result};
use crate::scan::BATCH_ROWS;

/// Bytes a row that compare as the rows do.
pub type Keys = Box<dyn Fn(&DataFrame) -> Result<BinaryOffsetChunked> + Send>;

/// Runs, each of them sorted.
#[derive(Default)]
pub struct Runs {
    runs: Vec<Spool>,
    /// What all runs that are pushed share.
    file: Option<Arc<DiskFile>>,
}

impl Runs {
    /// Whether there are no runs.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds sorted rows as a run.
    pub fn push(&mut self, sorted: &DataFrame, disk: &Disk) -> Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Arc::new(disk.file()?)),
        };
        let mut run = Spool::in_file(file);
        run.push_in_pieces(sorted)?;
        self.add(run);
        Ok(())
    }

    /// Adds sorted rows, in frames that are small enough for one of each run to be in memory.
    pub fn add(&mut self, run: Spool) {
        if !run.is_empty() {
            self.runs.push(run);
        }
    }

    /// All rows in order, those that tie in the order of their runs.
    pub fn merge(self, keys: Keys) -> Result<Merge> {
        let runs = self.runs.into_iter().map(|run| Run::open(run, &keys)).collect::<Result<Vec<_>>>()?;
        let mut merge = Merge { keys, heap: (0..runs.len()).collect(), runs };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sift(at);
        }
        Ok(merge)
    }
}

/// Rows of several runs in one order, batch by batch.
pub struct Merge {
    keys: Keys,
    runs: Vec<Run>,
    /// Runs that have rows left, as a binary heap: that with the least row first.
    heap: Vec<usize>,
}

/// A run and how far it has been read.
struct Run {
    spool: Spool,
    next: usize,
    frame: DataFrame,
    keys: BinaryOffsetChunked,
    row: usize,
}

impl Run {
    fn open(spool: Spool, keys: &Keys) -> Result<Self> {
        let frame = spool.read(0)?;
        let keys = keys(&frame)?;
        Ok(Self { spool, next: 1, frame, keys, row: 0 })
    }

    fn key(&self) -> &[u8] {
        self.keys.get(self.row).unwrap_or_default()
    }
}

impl Merge {
    fn is_less(&self, a: usize, b: usize) -> bool {
        self.runs[a].key().cmp(self.runs[b].key()).then(a.cmp(&b)).is_lt()
    }

    /// Lets the run at `at` of the heap sink to where it belongs.
    fn sift(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut least = at;
            for child in [left, right] {
                if child < self.heap.len() && self.is_less(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }

    fn batch(&mut self) -> Result<DataFrame> {
        // Frames that rows are taken of, and of each run the place of its frame among them.
        let mut frames: Vec<DataFrame> = Vec::new();
        let mut starts: Vec<u32> = Vec::new();
        let mut total = 0;
        let mut place = vec![None; self.runs.len()];
        let mut rows = Vec::with_capacity(BATCH_ROWS);
        while rows.len() < BATCH_ROWS {
            let Some(&least) = self.heap.first() else { break };
            let run = &mut self.runs[least];
            let at = *place[least].get_or_insert_with(|| {
                frames.push(run.frame.clone());
                starts.push(total);
                total += run.frame.height() as u32;
                frames.len() - 1
            });
            rows.push(starts[at] + run.row as u32);
            run.row += 1;
            if run.row == run.frame.height() {
                place[least] = None;
                if run.next == run.spool.len() {
                    self.heap.swap_remove(0);
                } else {
                    run.frame = run.spool.read(run.next)?;
                    run.keys = (self.keys)(&run.frame)?;
                    (run.next, run.row) = (run.next + 1, 0);
                }
            }
            self.sift(0);
        }
        gather(frames, rows)
    }
}

fn gather(frames: Vec<DataFrame>, rows: Vec<u32>) -> Result<DataFrame> {
    let all = stack(frames.into_iter().map(Ok))?.unwrap_or_default();
    all.take(&IdxCa::from_vec(PlSmallStr::EMPTY, rows))
        .map_err(|error| Error::defect("could not merge sorted rows").because(error))
}

impl Iterator for Merge {
    type Item = Result<DataFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.heap.is_empty() {
            return None;
        }
        let batch = self.batch();
        if batch.is_err() {
            self.heap.clear();
        }
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::row_encode::_get_rows_encoded_ca;
    use polars::prelude::*;

    use super::*;

    fn keys() -> Keys {
        Box::new(|frame| {
            let columns = [frame.column("key").unwrap().clone()];
            Ok(_get_rows_encoded_ca("".into(), &columns, &[false], &[true], false).unwrap())
        })
    }

    #[test]
    fn merged_runs_are_what_sorting_all_rows_gives() {
        let rows = 3 * BATCH_ROWS + 5;
        let key: Vec<Option<i64>> =
            (0..rows as i64).map(|row| (row % 97 != 0).then_some(row * 7919 % 1009)).collect();
        let all = df!("key" => key, "row" => (0..rows as i64).collect::<Vec<_>>()).unwrap();
        let options = || SortMultipleOptions::default().with_nulls_last(true).with_maintain_order(true);
        let mut runs = Runs::default();
        let disk = Disk::new(std::env::temp_dir(), None);
        let cuts = [0, 10, 10, BATCH_ROWS, 2 * BATCH_ROWS + 1, rows];
        for ends in cuts.windows(2) {
            let part = all.slice(ends[0] as i64, ends[1] - ends[0]);
            runs.push(&part.sort(["key"], options()).unwrap(), &disk).unwrap();
        }
        let mut merged = all.clear();
        for batch in runs.merge(keys()).unwrap() {
            merged.vstack_mut_owned(batch.unwrap()).unwrap();
        }
        assert!(merged.equals_missing(&all.sort(["key"], options()).unwrap()));
    }

    #[test]
    fn no_runs_give_no_rows() {
        assert!(Runs::default().merge(keys()).unwrap().next().is_none());
    }
}
