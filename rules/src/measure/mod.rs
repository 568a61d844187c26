//! Measures: what a suite accumulates while rows pass, mergeable and without thresholds.
//!
//! Each file holds one accumulator; this one says which there are, what a batch adds to each, and how
//! judges read them. Merging is associative, and apart from the quantile sketch (within the bound it
//! reports) the result depends only on the rows, not on how they were split; nor on their order, unless it is
//! order that is measured.

mod adjacent;
mod bins;
mod by_key;
mod comoments;
mod contingency;
mod declared_values;
mod dependency;
mod distinct;
mod error_free;
mod exact_sum;
mod extremes;
mod frequencies;
mod groups;
mod held;
mod moments;
mod null_rows;
mod order_key;
mod pairs;
mod partners;
mod periods;
mod profiles;
mod quantiles;
mod runs;
mod spellings;
pub(crate) mod text;
mod total;
mod values;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use adjacent::{Adjacent, Breach, Direction, MOST_SEQUENCES};
pub use bins::Bins;
pub use by_key::{ByKey, EachKey, MOST_KEYS, OfKey};
pub use comoments::CoMoments;
pub use contingency::{Cell, Contingency, MOST_CELLS, Table};
pub use declared_values::DeclaredValues;
pub use dependency::{Dependency, MOST_DETERMINANTS, MOST_OTHERS, Torn};
pub use distinct::{Distinct, EXACT_DISTINCT, RELATIVE_ERROR};
pub use exact_sum::ExactSum;
pub use extremes::Extremes;
pub use frequencies::{Frequencies, MOST_VALUES, MostCommon};
pub(crate) use groups::{Examples, Together, bring_back, survey, unreadable};
pub use groups::{GroupCounts, Groups};
pub use moments::Moments;
pub use null_rows::NullRows;
pub use pairs::{MOST_PAIRS, Pair, Pairs};
pub use partners::{Lookup, Partners};
pub use periods::Periods;
pub use profiles::{PairSums, Partitions, Profiles};
pub use quantiles::{EXACT_VALUES, Interpolation, Quantiles};
pub use runs::{MOST_RUNS, Run, Runs};
pub use spellings::{MOST_SPELLINGS, MOST_SPELT, Spellings, Variant};

pub(crate) use by_key::over;
pub(crate) use order_key::{NAN_KEY, key_text};
pub(crate) use profiles::profiles;
pub(crate) use values::{floats, for_whole_type, unpacked, whole_value};

use crate::baseline::History;
use crate::calendar::Period;
use crate::keys::hash_rows;
use crate::literal::Family;
use crate::mask::RowSet;
use crate::profile::{ColumnProfile, Depth};
use crate::proofs::Proofs;
use crate::sample::Keep;
pub(crate) use quantiles::{QuantileLevel, Within};
use total::total_of;
use values::present_only;

/// What is measured over a column or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Rows, and how many of them are null.
    Rows,
    /// The same, and the first rows that have a null.
    NullRows,
    /// The same, and the first rows, whatever is in them.
    FirstRows,
    /// Smallest and largest value.
    Extremes,
    /// Power sums up to an order: 1, 2 or 4.
    Moments(u8),
    /// Quantiles.
    Quantiles,
    /// Number of distinct values, an estimate when many.
    Distinct,
    /// Every distinct key; with `true`, null equals null, else rows with a null are not counted.
    Groups(bool),
    /// Sums for a correlation of two columns.
    CoMoments,
    /// Values between edges.
    Bins(Vec<f64>),
    /// Which of some values occur, given by the hashes of their keys.
    DeclaredValues(#[serde(with = "text::hashes")] Vec<u128>),
    /// How often each value occurs.
    Frequencies,
    /// How often each spelling of a text occurs, and which differ in case alone.
    Spellings,
    /// How often keys occur together: those of the first column with those of the others.
    Contingency,
    /// Which keys of the first so many columns go with several of the others.
    Dependency(usize),
    /// How each value of the first column compares with the one before, within groups of the others.
    Adjacent(Direction),
    /// Every pair of values of the first two columns, with its group by the others.
    Pairs,
    /// Which whole numbers occur, as runs of an interval.
    Runs(#[serde(with = "text::whole")] i128),
    /// How many values fall into each period.
    Periods(Period),
    /// Values that are zero.
    Zeros,
    /// Values that are true.
    Truths,
    /// Characters of texts.
    Characters,
    /// Which rows have a partner in another dataset, and how they differ from it.
    Partners(Lookup),
    /// Another measure, for each key that the first columns form.
    ByKey(Box<EachKey>),
    /// A column in summary for each partition; without a column its rows.
    Profile(Depth),
    /// Sums for a correlation of two columns, for each partition.
    PairProfile,
}

/// What is measured over which columns in which scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The measure.
    pub what: What,
    /// Its columns.
    pub columns: Vec<String>,
    /// The condition rows have to meet.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<String>,
}

impl What {
    /// Whether it depends on nothing but how many rows have which value of one column.
    pub(crate) fn is_of_values(&self) -> bool {
        matches!(self, Self::Distinct | Self::Frequencies)
    }
}

impl Spec {
    /// Whether another measure's accumulator answers this one too.
    pub(crate) fn answered_by(&self, other: &Self) -> bool {
        let same_rows = self.columns == other.columns && self.filter == other.filter;
        same_rows
            && match (&self.what, &other.what) {
                (What::Moments(mine), What::Moments(theirs)) => mine <= theirs,
                (What::Profile(mine), What::Profile(theirs)) => mine <= theirs,
                (mine, theirs) => mine == theirs,
            }
    }
}

/// A measure's state: what accumulated, and over how many rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accumulated {
    /// Rows in scope.
    pub rows: u64,
    /// Of these, rows where a column is null.
    pub nulls: u64,
    /// What accumulated over the others.
    pub accumulator: Accumulator,
}

/// What accumulates, one kind for each [`What`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accumulator {
    /// Nothing besides the rows.
    Rows,
    /// For [`What::NullRows`] and [`What::FirstRows`].
    NullRows(NullRows),
    /// For [`What::Extremes`].
    Extremes(Extremes),
    /// For [`What::Moments`].
    Moments(Moments),
    /// For [`What::Quantiles`].
    Quantiles(Quantiles),
    /// For [`What::Distinct`].
    Distinct(Distinct),
    /// For [`What::Groups`].
    Groups(Groups),
    /// For [`What::CoMoments`].
    CoMoments(CoMoments),
    /// For [`What::Bins`].
    Bins(Bins),
    /// For [`What::DeclaredValues`].
    DeclaredValues(DeclaredValues),
    /// For [`What::Frequencies`].
    Frequencies(Frequencies),
    /// For [`What::Spellings`].
    Spellings(Spellings),
    /// For [`What::Contingency`].
    Contingency(Contingency),
    /// For [`What::Dependency`].
    Dependency(Dependency),
    /// For [`What::Adjacent`].
    Adjacent(Adjacent),
    /// For [`What::Pairs`].
    Pairs(Pairs),
    /// For [`What::Runs`].
    Runs(Runs),
    /// For [`What::Periods`].
    Periods(Periods),
    /// For [`What::Profile`].
    Profiles(Profiles),
    /// For [`What::PairProfile`].
    PairSums(PairSums),
    /// For the measures that count or add up small whole numbers.
    Total(u64),
    /// For [`What::Partners`].
    Partners(Partners),
    /// For [`What::ByKey`].
    ByKey(ByKey),
}

impl Accumulated {
    /// Nothing accumulated yet.
    pub(crate) fn new(what: &What, columns: &[DataType]) -> Self {
        let float = columns.first().is_some_and(|data_type| Family::of(data_type) == Family::Float);
        let accumulator = match what {
            What::Rows => Accumulator::Rows,
            What::NullRows | What::FirstRows => Accumulator::NullRows(NullRows::default()),
            What::Extremes if float => Accumulator::Extremes(Extremes::Float { range: None, nan: 0 }),
            What::Extremes => Accumulator::Extremes(Extremes::Whole(None)),
            What::Moments(order) => Accumulator::Moments(Moments::new(*order)),
            What::Quantiles => Accumulator::Quantiles(Quantiles::default()),
            What::Distinct => Accumulator::Distinct(Distinct::default()),
            What::Groups(_) => Accumulator::Groups(Groups::default()),
            What::CoMoments => Accumulator::CoMoments(CoMoments::default()),
            What::Bins(edges) => Accumulator::Bins(Bins::new(edges.len())),
            What::DeclaredValues(declared) => {
                Accumulator::DeclaredValues(DeclaredValues::new(declared.len()))
            }
            What::Frequencies => Accumulator::Frequencies(Frequencies::default()),
            What::Spellings => Accumulator::Spellings(Spellings::default()),
            What::Contingency => Accumulator::Contingency(Contingency::default()),
            What::Dependency(_) => Accumulator::Dependency(Dependency::default()),
            What::Adjacent(direction) => Accumulator::Adjacent(Adjacent::new(*direction)),
            What::Pairs => Accumulator::Pairs(Pairs::default()),
            What::Runs(interval) => Accumulator::Runs(Runs::new(*interval)),
            What::Periods(_) => Accumulator::Periods(Periods::default()),
            What::Profile(_) => Accumulator::Profiles(Profiles::default()),
            What::PairProfile => Accumulator::PairSums(PairSums::default()),
            What::Zeros | What::Truths | What::Characters => Accumulator::Total(0),
            What::Partners(_) => Accumulator::Partners(Partners::default()),
            What::ByKey(_) => Accumulator::ByKey(ByKey::default()),
        };
        Self { rows: 0, nulls: 0, accumulator }
    }

    /// What a batch adds, given the measure's columns (no dictionaries) and the rows in scope, what is to
    /// be kept for samples of keys, and the partitions of the rows.
    pub(crate) fn of_batch(
        what: &What,
        columns: &[ArrayRef],
        scope: &RowSet,
        keep: Option<Keep>,
        partitions: Option<Partitions<'_>>,
    ) -> Result<Self, ArrowError> {
        let present = columns.iter().fold(scope.clone(), |rows, column| rows.and_valid(column.nulls()));
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
        let mut all = Self::new(what, &types);
        all.rows = scope.count() as u64;
        all.nulls = (scope.count() - present.count()) as u64;
        let first = || {
            columns.first().ok_or_else(|| ArrowError::InvalidArgumentError("a measure has no column".into()))
        };
        match (&mut all.accumulator, what) {
            (Accumulator::Rows, _) => {}
            (Accumulator::NullRows(rows), What::FirstRows) => {
                *rows = NullRows::of(scope, &RowSet::none(scope.len()), keep.as_ref());
            }
            (Accumulator::NullRows(rows), _) => *rows = NullRows::of(scope, &present, keep.as_ref()),
            (Accumulator::Extremes(extremes), _) => extremes.add_column(first()?, &present)?,
            (Accumulator::Moments(moments), _) => moments.add_column(first()?, &present)?,
            (Accumulator::Quantiles(quantiles), _) => {
                *quantiles = Quantiles::of_column(first()?, &present)?;
            }
            (Accumulator::Distinct(distinct), _) => {
                distinct.extend(&hash_rows(columns, &present, false)?);
            }
            (Accumulator::Groups(groups), What::Groups(nulls_equal)) => {
                let rows = if *nulls_equal { scope } else { &present };
                *groups = Groups::of(columns, rows, *nulls_equal, keep)?;
            }
            (Accumulator::CoMoments(moments), _) => {
                if let [x, y] = columns {
                    let (x, y) = (floats(x)?, floats(y)?);
                    moments.add_all(&present_only(&x, &present), &present_only(&y, &present));
                }
            }
            (Accumulator::Bins(bins), What::Bins(edges)) => {
                present.for_each(&floats(first()?)?, |value| bins.add(edges, value));
            }
            (Accumulator::DeclaredValues(values), What::DeclaredValues(declared)) => {
                *values = DeclaredValues::of_column(declared, first()?, &present)?;
            }
            (Accumulator::Frequencies(values), _) => *values = Frequencies::of_column(first()?, &present)?,
            (Accumulator::Spellings(texts), _) => *texts = Spellings::of_column(first()?, &present)?,
            (Accumulator::Contingency(table), _) => *table = Contingency::of_columns(columns, &present)?,
            (Accumulator::Dependency(keys), What::Dependency(left)) => {
                *keys = Dependency::of_columns(columns, *left, &present)?;
            }
            (Accumulator::Adjacent(pairs), What::Adjacent(direction)) => {
                *pairs = Adjacent::of_columns(*direction, columns, &present)?;
            }
            (Accumulator::Pairs(pairs), _) => *pairs = Pairs::of_columns(columns, &present)?,
            (Accumulator::Runs(runs), What::Runs(interval)) => {
                *runs = Runs::of_column(*interval, first()?, &present)?;
            }
            (Accumulator::Periods(periods), What::Periods(period)) => {
                *periods = Periods::of_column(*period, first()?, &present)?;
            }
            (Accumulator::Total(total), what) => *total = total_of(what, first()?, &present)?,
            (Accumulator::Partners(partners), What::Partners(lookup)) => {
                (*partners, all.nulls) = Partners::of(lookup, columns, scope, keep.as_ref())?;
            }
            (Accumulator::ByKey(by_key), What::ByKey(each)) => *by_key = ByKey::of(each, columns, scope)?,
            (Accumulator::Profiles(profiles), What::Profile(depth)) => {
                *profiles = Profiles::of_batch(*depth, columns, scope, partitions)?;
            }
            (Accumulator::PairSums(pairs), _) => *pairs = PairSums::of_batch(columns, &present, partitions)?,
            (
                Accumulator::Groups(_)
                | Accumulator::Bins(_)
                | Accumulator::DeclaredValues(_)
                | Accumulator::Dependency(_)
                | Accumulator::Adjacent(_)
                | Accumulator::Runs(_)
                | Accumulator::Periods(_)
                | Accumulator::Partners(_)
                | Accumulator::ByKey(_)
                | Accumulator::Profiles(_),
                _,
            ) => {
                return Err(ArrowError::InvalidArgumentError(
                    "an accumulator does not fit its measure".into(),
                ));
            }
        }
        Ok(all)
    }

    /// What a batch adds to a measure that [is of values](What::is_of_values), given the distinct values of its
    /// column (null may be one) and how many rows in scope have each.
    pub(crate) fn of_values(what: &What, values: &ArrayRef, counts: &[u64]) -> Result<Self, ArrowError> {
        let occurring =
            BooleanBuffer::collect_bool(values.len(), |at| counts.get(at).is_some_and(|n| *n > 0));
        let present = RowSet::of(occurring).and_valid(values.nulls());
        let mut all = Self::new(what, &[values.data_type().clone()]);
        all.rows = counts.iter().sum();
        let mut present_rows = 0;
        present.for_each(counts, |count| present_rows += count);
        all.nulls = all.rows - present_rows;
        let hashes = hash_rows(std::slice::from_ref(values), &present, false)?;
        match &mut all.accumulator {
            Accumulator::Distinct(distinct) => distinct.extend(&hashes),
            Accumulator::Frequencies(frequencies) => {
                let places = present.to_mask();
                let rows = places.set_indices().filter_map(|at| Some((at, *counts.get(at)?)));
                *frequencies = Frequencies::of_hashes(values, rows.zip(hashes));
            }
            _ => return Err(ArrowError::InvalidArgumentError("a measure is not of values alone".into())),
        }
        Ok(all)
    }

    /// Adds another part; false where the two do not measure the same.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        self.rows += other.rows;
        self.nulls += other.nulls;
        match (&mut self.accumulator, other.accumulator) {
            (Accumulator::Rows, Accumulator::Rows) => {}
            (Accumulator::NullRows(mine), Accumulator::NullRows(theirs)) => mine.merge(theirs),
            (Accumulator::Extremes(mine), Accumulator::Extremes(theirs)) => mine.merge(theirs),
            (Accumulator::Moments(mine), Accumulator::Moments(theirs)) => mine.merge(&theirs),
            (Accumulator::Quantiles(mine), Accumulator::Quantiles(theirs)) => mine.merge(theirs),
            (Accumulator::Distinct(mine), Accumulator::Distinct(theirs)) => mine.merge(theirs),
            (Accumulator::Groups(mine), Accumulator::Groups(theirs)) => mine.merge(theirs),
            (Accumulator::CoMoments(mine), Accumulator::CoMoments(theirs)) => mine.merge(&theirs),
            (Accumulator::Bins(mine), Accumulator::Bins(theirs)) => mine.merge(&theirs),
            (Accumulator::DeclaredValues(mine), Accumulator::DeclaredValues(theirs)) => mine.merge(theirs),
            (Accumulator::Frequencies(mine), Accumulator::Frequencies(theirs)) => mine.merge(theirs),
            (Accumulator::Spellings(mine), Accumulator::Spellings(theirs)) => mine.merge(theirs),
            (Accumulator::Contingency(mine), Accumulator::Contingency(theirs)) => mine.merge(theirs),
            (Accumulator::Dependency(mine), Accumulator::Dependency(theirs)) => mine.merge(theirs),
            (Accumulator::Adjacent(mine), Accumulator::Adjacent(theirs)) => mine.merge(theirs),
            (Accumulator::Pairs(mine), Accumulator::Pairs(theirs)) => mine.merge(theirs),
            (Accumulator::Runs(mine), Accumulator::Runs(theirs)) => mine.merge(theirs),
            (Accumulator::Periods(mine), Accumulator::Periods(theirs)) => mine.merge(theirs),
            (Accumulator::Profiles(mine), Accumulator::Profiles(theirs)) => mine.merge(theirs),
            (Accumulator::PairSums(mine), Accumulator::PairSums(theirs)) => mine.merge(theirs),
            (Accumulator::Total(mine), Accumulator::Total(theirs)) => *mine += theirs,
            (Accumulator::Partners(mine), Accumulator::Partners(theirs)) => mine.merge(theirs),
            (Accumulator::ByKey(mine), Accumulator::ByKey(theirs)) => return mine.merge(theirs),
            _ => return false,
        }
        true
    }

    /// The same without the values that it names.
    pub(crate) fn redacted(mut self) -> Self {
        match &mut self.accumulator {
            Accumulator::Profiles(profiles) => profiles.redact(),
            Accumulator::Spellings(spellings) => spellings.redact(),
            Accumulator::Frequencies(values) => values.redact(),
            Accumulator::DeclaredValues(values) => values.redact(),
            _ => {}
        }
        self
    }

    /// The keys that it holds, if it is of keys.
    pub(crate) fn keys(&self) -> Option<&Groups> {
        match &self.accumulator {
            Accumulator::Groups(keys) => Some(keys),
            _ => None,
        }
    }

    /// The same to be changed.
    pub(crate) fn keys_mut(&mut self) -> Option<&mut Groups> {
        match &mut self.accumulator {
            Accumulator::Groups(keys) => Some(keys),
            _ => None,
        }
    }

    /// The partitions that it tells apart; None where it tells none.
    pub(crate) fn partitions(&self) -> Option<Vec<&str>> {
        match &self.accumulator {
            Accumulator::Profiles(all) => Some(all.partitions.keys().map(String::as_str).collect()),
            Accumulator::PairSums(all) => Some(all.partitions.keys().map(String::as_str).collect()),
            _ => None,
        }
    }

    /// What it is of one partition alone; of pairs, nulls belong to none.
    pub(crate) fn of_partition(&self, name: &str) -> Self {
        match &self.accumulator {
            Accumulator::Profiles(all) => {
                let all = all.only(name);
                let (rows, nulls) =
                    all.partitions.values().map(|all| (all.rows, all.nulls)).next().unwrap_or_default();
                Self { rows, nulls, accumulator: Accumulator::Profiles(all) }
            }
            Accumulator::PairSums(all) => {
                let all = all.only(name);
                let rows = all.partitions.values().map(|sums| sums.finite + sums.unusual).sum();
                Self { rows, nulls: 0, accumulator: Accumulator::PairSums(all) }
            }
            _ => Self { rows: 0, nulls: 0, accumulator: Accumulator::Rows },
        }
    }

    /// Rows whose columns are all present.
    pub fn present(&self) -> u64 {
        self.rows - self.nulls
    }
}

/// What judges read.
#[derive(Debug, Clone, Copy)]
pub struct Readings<'a> {
    pub(crate) measures: &'a [Accumulated],
    /// The run's clock.
    pub now: DateTime<Utc>,
    /// What is known besides, as far as it makes measures unnecessary.
    pub proofs: &'a Proofs,
    /// What was published before.
    pub history: &'a History,
    /// The time that the partition stands for which is judged by itself.
    pub(crate) time: Option<DateTime<Utc>>,
}

impl Readings<'_> {
    /// The profile that was requested while binding, of all partitions together; None where no row was in
    /// scope.
    pub fn profile(&self, measure: usize) -> Option<ColumnProfile> {
        match &self.at(measure)?.accumulator {
            Accumulator::Profiles(profiles) => profiles.together(),
            _ => None,
        }
    }

    /// The time that what is judged stands for.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.time.or(self.history.as_of).unwrap_or(self.now)
    }

    /// The state of a measure that was requested while binding.
    pub fn at(&self, measure: usize) -> Option<&Accumulated> {
        self.measures.get(measure)
    }
}
