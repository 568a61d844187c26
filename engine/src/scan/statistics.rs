//! What footers prove about the columns of a scan, and dictionaries that were read.
//!
//! Only what a footer states exactly is used: row counts, null counts and, for types whose order the
//! format defines without doubt, least and greatest values; and only where the writer is known to state them
//! right. A statistic that is missing is unknown, never zero: some writers leave out null counts, some state no
//! bounds where there are NaNs or long texts. So is one that cannot be: more nulls than rows, a least value
//! above the greatest.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use ::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use ::parquet::file::metadata::RowGroupMetaData;
use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::kernels::cmp::gt;
use arrow::compute::{SortOptions, cast, concat, sort_limit};
use arrow::datatypes::{DataType, SchemaRef};
use lockgate_rules::{ColumnProof, Proofs};

use super::adapt::Source;
use super::{Body, Scan, writer};

impl Scan {
    /// What the footers of all files prove together; nothing for text files.
    pub fn proofs(&self) -> Proofs {
        let mut proofs = Proofs::default();
        let Some(rows) = self.footer_rows() else { return proofs };
        proofs.rows = Some(rows);
        for (column, field) in self.arrow_schema.fields().iter().enumerate() {
            if let Some(proof) = self.proof(column, field.data_type()) {
                let values = self.listed.get(field.name()).map(Arc::clone);
                proofs.columns.insert(field.name().clone(), ColumnProof { values, ..proof });
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

    /// How often a column is null, where footers state it.
    pub(super) fn nulls(&self, column: usize) -> Option<u64> {
        self.known(column)?.iter().map(Known::nulls).sum()
    }

    fn proof(&self, column: usize, data_type: &DataType) -> Option<ColumnProof> {
        let known = self.known(column)?;
        let nulls = known.iter().map(Known::nulls).sum::<Option<u64>>()?;
        let bounds = bounds(&known, data_type).unwrap_or_default();
        Some(ColumnProof { nulls: Some(nulls), ..bounds })
    }

    /// What is known of a column, file by file; files one after the other that state it alike are told together.
    fn known(&self, column: usize) -> Option<Vec<Known<'_>>> {
        let mut known: Vec<Known<'_>> = Vec::new();
        for file in &self.files {
            let Body::Parquet(footer, _) = &file.body else { return None };
            match (&file.adapter.sources[column], known.last_mut()) {
                (Source::File(_), Some(Known::Stated(stated))) if stated.is_about(footer) => {
                    stated.groups.extend(groups(footer));
                }
                (Source::File(name), _) => known.push(Known::Stated(Stated::of(footer, name)?)),
                (Source::Constant(value), _) => known.push(Known::Constant(value, rows(footer))),
                (Source::Missing, _) => known.push(Known::Missing(rows(footer))),
                (Source::Origin(_) | Source::Told(_), _) => return None,
            }
        }
        Some(known)
    }
}

/// What is known of a column of some files.
enum Known<'a> {
    /// What their footers state.
    Stated(Stated<'a>),
    /// One value in so many rows.
    Constant(&'a ArrayRef, u64),
    /// Null in so many rows.
    Missing(u64),
}

impl Known<'_> {
    fn nulls(&self) -> Option<u64> {
        match self {
            Self::Stated(stated) => stated.nulls(),
            Self::Constant(value, rows) => Some(value.null_count() as u64 * rows),
            Self::Missing(rows) => Some(*rows),
        }
    }
}

/// Least and greatest value, where every row group with values states both.
fn bounds(known: &[Known<'_>], data_type: &DataType) -> Option<ColumnProof> {
    let ordered = data_type.is_integer()
        || matches!(data_type, DataType::Date32 | DataType::Timestamp(..) | DataType::Boolean);
    if !ordered {
        return None;
    }
    let (mut least, mut greatest): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for known in known {
        match known {
            Known::Stated(stated) => {
                let (min, max) = stated.bounds()?;
                least.push(min);
                greatest.push(max);
            }
            Known::Constant(value, rows) if *rows > 0 => {
                least.push(Arc::clone(value));
                greatest.push(Arc::clone(value));
            }
            Known::Constant(..) | Known::Missing(_) => {}
        }
    }
    let (min, max) = (extreme(&least, data_type, false), extreme(&greatest, data_type, true));
    Some(ColumnProof { min, max, exact: true, ..ColumnProof::default() })
}

fn rows(footer: &ArrowReaderMetadata) -> u64 {
    footer.metadata().row_groups().iter().map(|group| group.num_rows() as u64).sum()
}

/// Row groups that hold rows; the statistics of the others say nothing.
fn groups(footer: &ArrowReaderMetadata) -> impl Iterator<Item = &RowGroupMetaData> {
    footer.metadata().row_groups().iter().filter(|group| group.num_rows() > 0)
}

/// What the footers of files of one schema state about a column.
struct Stated<'a> {
    schema: &'a SchemaRef,
    converter: StatisticsConverter<'a>,
    /// Its leaf among the columns of a row group.
    leaf: usize,
    /// Whether the file's schema allows nulls.
    nullable: bool,
    groups: Vec<&'a RowGroupMetaData>,
}

impl<'a> Stated<'a> {
    /// None for nested columns, whose leaves state something else, and for writers that are not to be relied on.
    fn of(footer: &'a ArrowReaderMetadata, name: &'a str) -> Option<Self> {
        if !is_right(footer) {
            return None;
        }
        let schema = footer.parquet_schema();
        let converter = StatisticsConverter::try_new(name, footer.schema(), schema)
            .ok()?
            .with_missing_null_counts_as_zero(false);
        let leaf = converter.parquet_column_index()?;
        let nullable = schema.column(leaf).max_def_level() > 0;
        Some(Self { schema: footer.schema(), converter, leaf, nullable, groups: groups(footer).collect() })
    }

    /// Whether the footer of another file places the column where this one's does.
    fn is_about(&self, footer: &ArrowReaderMetadata) -> bool {
        Arc::ptr_eq(self.schema, footer.schema()) && is_right(footer)
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
        let can_be = |(nulls, group): (&u64, &&RowGroupMetaData)| *nulls <= group.num_rows() as u64;
        let is_known = counts.null_count() == 0 && counts.values().iter().zip(&self.groups).all(can_be);
        is_known.then(|| counts.values().iter().sum())
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
        let crossed = gt(&min, &max).is_ok_and(|crossed| crossed.has_true());
        (!crossed && self.groups.iter().enumerate().all(stated)).then_some((min, max))
    }
}

fn is_right(footer: &ArrowReaderMetadata) -> bool {
    writer::is_right(footer.metadata().file_metadata().created_by())
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
