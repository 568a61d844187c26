//! What footers prove about the columns of a scan.
//!
//! Only what a footer states exactly is used: row counts, null counts and, for types whose order the
//! format defines without doubt, least and greatest values.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::{cast, concat};
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
                let proof = ColumnProof { nulls: Some(nulls), ..self.bounds(index, field.data_type()) };
                proofs.columns.insert(field.name().clone(), proof);
            }
        }
        proofs
    }

    /// Rows of all files as their footers say.
    pub fn footer_rows(&self) -> Option<u64> {
        self.files
            .iter()
            .map(|file| match &file.body {
                Body::Parquet(footer, _) => Some(
                    footer.metadata().row_groups().iter().map(|group| group.num_rows() as u64).sum::<u64>(),
                ),
                Body::Text(_) => None,
            })
            .sum()
    }

    fn nulls(&self, column: usize) -> Option<u64> {
        let mut nulls = 0;
        for file in &self.files {
            let Body::Parquet(footer, _) = &file.body else { return None };
            let rows: u64 = footer.metadata().row_groups().iter().map(|group| group.num_rows() as u64).sum();
            nulls += match &file.adapter.sources[column] {
                Source::File(name) => {
                    let converter =
                        StatisticsConverter::try_new(name, footer.schema(), footer.parquet_schema()).ok()?;
                    let counts: UInt64Array =
                        converter.row_group_null_counts(footer.metadata().row_groups().iter()).ok()?;
                    if counts.null_count() > 0 {
                        return None;
                    }
                    counts.values().iter().sum::<u64>()
                }
                Source::Constant(value) => value.null_count() as u64 * rows,
                Source::Missing => rows,
                Source::Origin(_) => return None,
            };
        }
        Some(nulls)
    }

    /// Least and greatest value, where every row group states both exactly.
    fn bounds(&self, column: usize, data_type: &DataType) -> ColumnProof {
        let ordered = data_type.is_integer()
            || matches!(data_type, DataType::Date32 | DataType::Timestamp(..) | DataType::Boolean);
        let unknown = ColumnProof::default();
        if !ordered {
            return unknown;
        }
        let (mut least, mut greatest): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for file in &self.files {
            let (Body::Parquet(footer, _), source) = (&file.body, &file.adapter.sources[column]) else {
                return unknown;
            };
            match source {
                Source::File(name) => {
                    let groups = footer.metadata().row_groups();
                    let converter =
                        StatisticsConverter::try_new(name, footer.schema(), footer.parquet_schema());
                    let Ok(converter) = converter else { return unknown };
                    let (Ok(min), Ok(max), Ok(nulls)) = (
                        converter.row_group_mins(groups.iter()),
                        converter.row_group_maxes(groups.iter()),
                        converter.row_group_null_counts(groups.iter()),
                    ) else {
                        return unknown;
                    };
                    for (index, group) in groups.iter().enumerate() {
                        let empty = nulls.is_valid(index) && nulls.value(index) == group.num_rows() as u64;
                        if !empty && (min.is_null(index) || max.is_null(index)) {
                            return unknown;
                        }
                    }
                    least.push(min);
                    greatest.push(max);
                }
                Source::Constant(value) => {
                    least.push(Arc::clone(value));
                    greatest.push(Arc::clone(value));
                }
                Source::Missing => {}
                Source::Origin(_) => return unknown,
            }
        }
        ColumnProof {
            nulls: None,
            min: extreme(&least, data_type, false),
            max: extreme(&greatest, data_type, true),
            exact: true,
        }
    }
}

fn extreme(parts: &[ArrayRef], data_type: &DataType, greatest: bool) -> Option<ArrayRef> {
    let parts: Vec<ArrayRef> =
        parts.iter().map(|part| cast(part, data_type)).collect::<Result<_, _>>().ok()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let all = concat(&parts).ok()?;
    let order = arrow::compute::SortOptions { descending: greatest, nulls_first: false };
    let first = arrow::compute::sort_limit(&all, Some(order), Some(1)).ok()?;
    (first.len() == 1 && first.is_valid(0)).then_some(first)
}
