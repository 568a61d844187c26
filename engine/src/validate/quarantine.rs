//! Rows that fail are kept apart, with every reason and the place they came from.
//!
//! Rows leave at several points of a table (a cast, a check); what leaves at one point has one schema
//! and goes to files of its own in the same folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, PlSmallStr, Schema, Series};

use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::scan::{ORIGIN, ROW_BITS};
use crate::sink::{DatasetWriter, Piece};
use crate::steps::HIDDEN;

/// Ids of the checks a row failed, or why a step refused it.
pub const REASONS: &str = "lockgate_reasons";
/// The run in which the row was quarantined; the partition column.
pub const QUARANTINE_RUN: &str = "lockgate_run";
/// The file the row came from; null where rows were made from several.
pub const FILE: &str = "lockgate_file";
/// The row's position in that file, from 0.
pub const ROW: &str = "lockgate_row";

/// The quarantine of one table during a run.
pub struct Quarantine {
    files: Arc<[String]>,
    points: Vec<Point>,
    by_stage: BTreeMap<Option<usize>, usize>,
}

/// A point of a table at which rows leave.
pub struct Point {
    /// Which stage, or none for the table's checks.
    pub stage: Option<usize>,
    /// Writes its rows.
    pub writer: DatasetWriter,
    /// Schema of what is written.
    pub schema: SchemaRef,
}

impl Quarantine {
    /// For rows that came from `files`, by number.
    pub fn new(files: Arc<[String]>, points: Vec<Point>) -> Self {
        let by_stage = points.iter().enumerate().map(|(index, point)| (point.stage, index)).collect();
        Self { files, points, by_stage }
    }

    /// The points at which rows leave.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Gives back the points, to finish their writers.
    pub fn into_points(self) -> Vec<Point> {
        self.points
    }

    /// The columns of quarantined rows whose visible columns are those of `schema`.
    pub fn schema(schema: &Schema) -> Schema {
        let mut written: Schema = schema
            .iter()
            .filter(|(name, _)| !name.starts_with(HIDDEN))
            .map(|(n, t)| (n.clone(), t.clone()))
            .collect();
        written.insert(REASONS.into(), DataType::List(Box::new(DataType::String)));
        written.insert(FILE.into(), DataType::String);
        written.insert(ROW.into(), DataType::UInt64);
        written
    }

    /// Pieces for the rows that a step refused, which hold their reasons already.
    pub fn diverted(&self, stage: usize, rows: Option<DataFrame>) -> Result<(usize, Vec<Piece>)> {
        let point = *self
            .by_stage
            .get(&Some(stage))
            .ok_or_else(|| Error::defect("a step sends rows to a quarantine that was not planned"))?;
        let pieces = rows.map_or(Ok(Vec::new()), |rows| self.pieces(point, &rows))?;
        Ok((point, pieces))
    }

    /// Pieces for the rows that failed a check, which hold their reasons already; none if no check of the
    /// table quarantines.
    pub fn failed(&self, rows: Option<DataFrame>) -> Result<Option<(usize, Vec<Piece>)>> {
        let Some(&point) = self.by_stage.get(&None) else { return Ok(None) };
        let pieces = rows.map_or(Ok(Vec::new()), |rows| self.pieces(point, &rows))?;
        Ok(Some((point, pieces)))
    }

    fn pieces(&self, point: usize, rows: &DataFrame) -> Result<Vec<Piece>> {
        let Point { writer, schema, .. } = &self.points[point];
        let height = rows.height();
        let (files, positions) = self.origins(rows);
        let reasons = rows.column(REASONS).map_err(unfit)?.clone();
        let mut columns: Vec<Column> = rows
            .columns()
            .iter()
            .filter(|column| !column.name().starts_with(HIDDEN) && column.name() != REASONS)
            .cloned()
            .collect();
        columns.push(reasons);
        columns.push(Series::new(FILE.into(), files).into_column());
        columns.push(Series::new(ROW.into(), positions).into_column());
        let rows = DataFrame::new(height, columns).map_err(unfit)?;
        writer.split(&bridge::to_record(&rows, schema)?)
    }

    fn origins(&self, rows: &DataFrame) -> (Vec<Option<String>>, Vec<Option<u64>>) {
        let origins: Vec<Option<u64>> = match rows.column(ORIGIN).and_then(|column| column.u64().cloned()) {
            Ok(origins) => origins.iter().collect(),
            Err(_) => vec![None; rows.height()],
        };
        let file = |origin: u64| self.files.get((origin >> ROW_BITS) as usize).cloned();
        let row = |origin: u64| origin & ((1 << ROW_BITS) - 1);
        let files = origins.iter().map(|origin| origin.and_then(file)).collect();
        (files, origins.iter().map(|origin| origin.map(row)).collect())
    }
}

/// The name by which a stage's quarantine files are told apart.
pub fn point_name(stage: Option<(usize, &str)>) -> PlSmallStr {
    match stage {
        Some((position, step)) => format!("step-{}-{step}", position + 1).into(),
        None => "checks".into(),
    }
}

fn unfit(error: polars::prelude::PolarsError) -> Error {
    Error::defect("rows do not fit their quarantine").because(error)
}
