//! Files of values that checks compare with, read when the run is planned.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::csv;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use bytes::Bytes;
use lockgate_rules::{Check, Literal, ValuesFile, literals};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::scan::guarded;
use crate::spec::{CheckSpec, did_you_mean};
use crate::store::Stores;

/// A file of values and what tells whether it changed.
#[derive(Debug, Clone)]
pub struct ValuesRead {
    /// Its address.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub digest: String,
}

/// Reads each file once, however many checks compare with it.
pub struct ValueFiles<'a> {
    stores: &'a Stores,
    contents: BTreeMap<String, Bytes>,
    read: BTreeMap<String, ValuesRead>,
}

impl<'a> ValueFiles<'a> {
    /// Reads from `stores`.
    pub fn new(stores: &'a Stores) -> Self {
        Self { stores, contents: BTreeMap::new(), read: BTreeMap::new() }
    }

    /// The check with the values of its file, if it has one.
    pub fn fill(&mut self, check: &Check, spec: &CheckSpec) -> Result<Check> {
        let Some(wanted) = check.values_file() else { return Ok(check.clone()) };
        let span = spec.params.locate("values.file");
        let values = self.values(wanted).map_err(|error| error.at(span))?;
        Ok(check.clone().with_values(values))
    }

    /// What was read, by address.
    pub fn into_read(self) -> Vec<ValuesRead> {
        self.read.into_values().collect()
    }

    fn values(&mut self, wanted: &ValuesFile) -> Result<Arc<[Literal]>> {
        let content = self.content(&wanted.file)?;
        let lower = wanted.file.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
        let values = if ends(&[".parquet", ".parq", ".pq"]) {
            parquet_column(&content, wanted)?
        } else if ends(&[".csv", ".tsv"]) {
            csv_column(&content, if ends(&[".tsv"]) { b'\t' } else { b',' }, wanted)?
        } else {
            lines(&content, wanted)?
        };
        if values.is_empty() {
            return Err(Error::wrong(format!("{wanted} holds no values")));
        }
        Ok(values.into())
    }

    fn content(&mut self, file: &str) -> Result<Bytes> {
        if let Some(known) = self.contents.get(file) {
            return Ok(known.clone());
        }
        let location = self.stores.open(file)?;
        let found = self.stores.io().block_on(location.get_if_exists())?;
        let (content, entry) = found.ok_or_else(|| {
            Error::wrong(format!("there is no file {location}"))
                .hint("a path is relative to the pipeline file")
        })?;
        let digest = Sha256::digest(&content);
        let half = |at: usize| u128::from_be_bytes(std::array::from_fn(|index| digest[at + index]));
        let digest = format!("{:032x}{:032x}", half(0), half(16));
        let read = ValuesRead { path: location.to_string(), bytes: entry.size, digest };
        self.read.insert(read.path.clone(), read);
        self.contents.insert(file.to_owned(), content.clone());
        Ok(content)
    }
}

fn lines(content: &Bytes, wanted: &ValuesFile) -> Result<Vec<Literal>> {
    if wanted.column.is_some() {
        return Err(Error::wrong(format!("{} is read as text, which has no columns", wanted.file))
            .hint("a file with columns ends in .csv, .tsv or .parquet"));
    }
    let text = std::str::from_utf8(content)
        .map_err(|error| Error::wrong(format!("{wanted} is not UTF-8")).because(error))?;
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    Ok(lines.filter(|line| !line.trim().is_empty()).map(|line| Literal::Text(line.to_owned())).collect())
}

/// Every value is read as text: whether `007` is a number is for the checked column to say.
fn csv_column(content: &Bytes, delimiter: u8, wanted: &ValuesFile) -> Result<Vec<Literal>> {
    let failed = |error: ArrowError| Error::wrong(format!("could not read {wanted}")).because(error);
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    let format = csv::reader::Format::default().with_header(true).with_delimiter(delimiter);
    let (header, _) = format.infer_schema(Cursor::new(content), Some(0)).map_err(failed)?;
    let names: Vec<&str> = header.fields().iter().map(|field| field.name().as_str()).collect();
    let column = position(&names, wanted)?;
    let texts =
        Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>());
    let reader = csv::ReaderBuilder::new(Arc::new(texts))
        .with_format(format)
        .with_projection(vec![column])
        .build(Cursor::new(content))
        .map_err(failed)?;
    let batches = reader.collect::<Result<Vec<RecordBatch>, _>>().map_err(failed)?;
    gathered(batches.iter().map(|batch| batch.column(0))).map_err(failed)
}

fn parquet_column(content: &Bytes, wanted: &ValuesFile) -> Result<Vec<Literal>> {
    let failed = |error: ParquetError| Error::wrong(format!("could not read {wanted}")).because(error);
    let builder = guarded(|| ParquetRecordBatchReaderBuilder::try_new(content.clone())).map_err(failed)?;
    let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let column = position(&names, wanted)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
    let batches = guarded(|| {
        let reader = builder.with_projection(mask).build()?;
        reader.collect::<Result<Vec<RecordBatch>, _>>().map_err(ParquetError::from)
    });
    let batches = batches.map_err(failed)?;
    gathered(batches.iter().map(|batch| batch.column(0)))
        .map_err(|error| Error::wrong(format!("could not read {wanted}")).because(error))
}

fn gathered<'b>(columns: impl Iterator<Item = &'b ArrayRef>) -> Result<Vec<Literal>, ArrowError> {
    let mut all = Vec::new();
    for column in columns {
        all.extend(literals(column)?);
    }
    Ok(all)
}

/// The wanted column among those there are.
fn position(names: &[&str], wanted: &ValuesFile) -> Result<usize> {
    match (&wanted.column, names) {
        (None, [_]) => Ok(0),
        (None, []) => Err(Error::wrong(format!("{wanted} holds no values"))),
        (None, _) => Err(Error::wrong(format!("{} has several columns: {}", wanted.file, names.join(", ")))
            .hint("name one of them: `values: {file: …, column: …}`")),
        (Some(column), _) => names.iter().position(|name| name == column).ok_or_else(|| {
            let hint = did_you_mean(column, names.iter().copied(), "it has");
            Error::wrong(format!("{} has no column \"{column}\"", wanted.file)).hint(hint)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array};
    use parquet::arrow::ArrowWriter;

    fn wanted(file: &str, column: Option<&str>) -> ValuesFile {
        let params = serde_json::json!({"column": "x", "values": {"file": file, "column": column}});
        let checks = Check::parse("in_set", &params).unwrap();
        checks[0].values_file().unwrap().clone()
    }

    fn texts(values: &[&str]) -> Vec<Literal> {
        values.iter().map(|value| Literal::Text((*value).to_owned())).collect()
    }

    #[test]
    fn a_text_file_has_one_value_a_line() {
        let of = |content: &'static str| lines(&Bytes::from(content), &wanted("x.txt", None)).unwrap();
        assert_eq!(of("\u{feff}a\r\nb c \n\n  \nZürich"), texts(&["a", "b c ", "Zürich"]));
        assert_eq!(of(""), []);
        lines(&Bytes::from_static(b"\xff"), &wanted("x.txt", None)).unwrap_err();
        lines(&Bytes::from_static(b"a"), &wanted("x.txt", Some("a"))).unwrap_err();
    }

    #[test]
    fn a_csv_file_keeps_its_texts_as_they_are_written() {
        let content = Bytes::from("\u{feff}code,name\n007,\"Bond, James\"\n,M\n1e3,Q\n");
        let of = |column| csv_column(&content, b',', &wanted("x.csv", column));
        assert_eq!(of(Some("code")).unwrap(), texts(&["007", "1e3"]));
        assert_eq!(of(Some("name")).unwrap(), texts(&["Bond, James", "M", "Q"]));
        assert!(of(None).unwrap_err().message().contains("several columns"));
        assert!(of(Some("nme")).unwrap_err().cure().unwrap().contains("name"));
        assert_eq!(csv_column(&Bytes::from("a\n1\n"), b',', &wanted("x.csv", None)).unwrap(), texts(&["1"]));
    }

    #[test]
    fn a_parquet_file_gives_its_values_without_nulls() {
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("id", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])) as ArrayRef, true),
            ("x", Arc::new(Float64Array::from(vec![0.5, f64::NAN, -0.0])) as ArrayRef, true),
        ])
        .unwrap();
        let mut content = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let content = Bytes::from(content);
        let numbers = [1, 3].map(|number| Literal::Number(number.into()));
        assert_eq!(parquet_column(&content, &wanted("x.parquet", Some("id"))).unwrap(), numbers);
        assert_eq!(parquet_column(&content, &wanted("x.parquet", Some("x"))).unwrap().len(), 3);
        let broken = content.slice(..content.len() - 5);
        parquet_column(&broken, &wanted("x.parquet", Some("id"))).unwrap_err();
    }
}
