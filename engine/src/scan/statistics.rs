//! What footers prove about the columns of a scan, and dictionaries that were read.
//!
//! Only what a footer states exactly is used: row counts, null counts and, for types whose order the
//! format defines without doubt, least and greatest values. A statistic that is missing is unknown, never
//! zero: some writers leave out null counts, some state no bounds where there are NaNs or long texts.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use ::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use ::parquet::file::metadata::RowGroupMetaData;
use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::{SortOptions, cast, concat, sort_limit};
use arrow::datatypes::DataType;
use lockgate_rules::{ColumnProof, Proofs};

use super::adapt::Source;
use super::{Body, Scan};

impl Scan {
    /// What the footers of all files prove together; nothing for text files.
    pub fn proofs(&self) -> Proofs {
        let mut proofs = Proofs::default();
        let Some(rows) = self.footer_rows() else { return proofs };
        proofs.rows = Some(rows);
        for (index, field) in self.arrow_schema.fields().iter().enumerate() {
            if let Some(nulls) = self.nulls(index) {
                let bounds = self.bounds(index, field.data_type()).unwrap_or_default();
                let values = self.listed.get(field.name()).map(Arc::clone);
                let known = ColumnProof { nulls: Some(nulls), values, ..bounds };
                proofs.columns.insert(field.name().clone(), known);
            }
        }
        proofs
    }

    /// Rows of all files as their footers say.
    pub fn footer_rows(&self) -> Option<u64> {
        self.files
            .iter()
            .map(|file| match &file.body {
                Body::Parquet(footer, _) => Some(rows(footer)),
                Body::Text(_) => None,
            })
            .sum()
    }

    pub(super) fn nulls(&self, column: usize) -> Option<u64> {
        self.files
            .iter()
            .map(|file| {
                let Body::Parquet(footer, _) = &file.body else { return None };
                match &file.adapter.sources[column] {
                    Source::File(name) => Stated::of(footer, name)?.nulls(),
                    Source::Constant(value) => Some(value.null_count() as u64 * rows(footer)),
                    Source::Missing => Some(rows(footer)),
                    Source::Origin(_) | Source::Told(_) => None,
                }
            })
            .sum()
    }

    /// Least and greatest value, where every row group with values states both.
    fn bounds(&self, column: usize, data_type: &DataType) -> Option<ColumnProof> {
        let ordered = data_type.is_integer()
            || matches!(data_type, DataType::Date32 | DataType::Timestamp(..) | DataType::Boolean);
        if !ordered {
            return None;
        }
        let (mut least, mut greatest): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for file in &self.files {
            let Body::Parquet(footer, _) = &file.body else { return None };
            match &file.adapter.sources[column] {
                Source::File(name) => {
                    let (min, max) = Stated::of(footer, name)?.bounds()?;
                    least.push(min);
                    greatest.push(max);
                }
                Source::Constant(value) if rows(footer) > 0 => {
                    least.push(Arc::clone(value));
                    greatest.push(Arc::clone(value));
                }
                Source::Constant(_) | Source::Missing => {}
                Source::Origin(_) | Source::Told(_) => return None,
            }
        }
        let (min, max) = (extreme(&least, data_type, false), extreme(&greatest, data_type, true));
        Some(ColumnProof { min, max, exact: true, ..ColumnProof::default() })
    }
}

fn rows(footer: &ArrowReaderMetadata) -> u64 {
    footer.metadata().row_groups().iter().map(|group| group.num_rows() as u64).sum()
}

/// What a footer states about one column of its file.
struct Stated<'a> {
    converter: StatisticsConverter<'a>,
    /// Its leaf among the columns of a row group.
    leaf: usize,
    /// Whether the file's schema allows nulls.
    nullable: bool,
    /// Row groups that hold rows; the statistics of the others say nothing.
    groups: Vec<&'a RowGroupMetaData>,
}

impl<'a> Stated<'a> {
    /// None for nested columns, whose leaves state something else.
    fn of(footer: &'a ArrowReaderMetadata, name: &'a str) -> Option<Self> {
        let schema = footer.parquet_schema();
        let converter = StatisticsConverter::try_new(name, footer.schema(), schema)
            .ok()?
            .with_missing_null_counts_as_zero(false);
        let leaf = converter.parquet_column_index()?;
        let nullable = schema.column(leaf).max_def_level() > 0;
        let groups = footer.metadata().row_groups().iter().filter(|group| group.num_rows() > 0).collect();
        Some(Self { converter, leaf, nullable, groups })
    }

    fn null_counts(&self) -> Option<UInt64Array> {
        if self.nullable {
            self.converter.row_group_null_counts(self.groups.iter().copied()).ok()
        } else {
            Some(UInt64Array::from(vec![0; self.groups.len()]))
        }
    }

    fn nulls(&self) -> Option<u64> {
        let counts = self.null_counts()?;
        (counts.null_count() == 0).then(|| counts.values().iter().sum())
    }

    /// The least and the greatest value of every row group, null for those of nulls alone.
    fn bounds(&self) -> Option<(ArrayRef, ArrayRef)> {
        let unsigned = self.converter.arrow_field().data_type().is_unsigned_integer();
        if unsigned && self.groups.iter().any(|group| orders_as_signed(group, self.leaf)) {
            return None;
        }
        let nulls = self.null_counts()?;
        let min = self.converter.row_group_mins(self.groups.iter().copied()).ok()?;
        let max = self.converter.row_group_maxes(self.groups.iter().copied()).ok()?;
        let stated = |(at, group): (usize, &&RowGroupMetaData)| {
            let only_nulls = nulls.is_valid(at) && nulls.value(at) == group.num_rows() as u64;
            only_nulls || (min.is_valid(at) && max.is_valid(at))
        };
        self.groups.iter().enumerate().all(stated).then_some((min, max))
    }
}

/// Whether bounds are of the deprecated kind, which orders unsigned numbers as if they had a sign.
fn orders_as_signed(group: &RowGroupMetaData, leaf: usize) -> bool {
    let statistics = group.column(leaf).statistics();
    statistics.is_some_and(::parquet::file::statistics::Statistics::is_min_max_deprecated)
}

fn extreme(parts: &[ArrayRef], data_type: &DataType, greatest: bool) -> Option<ArrayRef> {
    let parts: Vec<ArrayRef> =
        parts.iter().map(|part| cast(part, data_type)).collect::<Result<_, _>>().ok()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let all = concat(&parts).ok()?;
    let order = SortOptions { descending: greatest, nulls_first: false };
    let first = sort_limit(&all, Some(order), Some(1)).ok()?;
    (first.len() == 1 && first.is_valid(0)).then_some(first)
}
