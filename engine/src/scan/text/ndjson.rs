//! NDJSON: one object a line, taken as JSON has it and no other way.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullArray, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder;
use arrow::json::reader::{ArrayDecoder, DecoderContext, DecoderFactory, Tape, TapeElement};
use memchr::memchr;
use serde::de::IgnoredAny;

use super::fault::{Fault, shown};
use super::window::{Piece, Taken};
use super::{Body, cells, type_name};

/// Whole lines of a piece that are not blank, each a JSON object.
pub(super) struct Lines<'b> {
    /// Each with its number in the file, from 1.
    texts: Vec<(u64, &'b str)>,
    /// Bytes they take, with the blank ones.
    bytes: usize,
    /// Lines in them, blank ones included.
    pub newlines: u64,
}

impl<'b> Lines<'b> {
    /// The whole lines at the beginning of `piece`, `most` of them at most.
    pub(super) fn cut(piece: Piece<'b>, most: usize) -> Result<Self, Fault> {
        let Piece { bytes, line, ended } = piece;
        let (mut lines, mut at, mut newlines) = (Vec::new(), 0, 0);
        while lines.len() < most && at < bytes.len() {
            let (end, next) = match memchr(b'\n', &bytes[at..]) {
                Some(length) => (at + length, at + length + 1),
                None if ended => (bytes.len(), bytes.len()),
                None => break,
            };
            let number = line + newlines;
            if !bytes[at..end].trim_ascii().is_empty() {
                lines.push((number, object(&bytes[at..end], number)?));
            }
            (at, newlines) = (next, newlines + 1);
        }
        Ok(Self { texts: lines, bytes: at, newlines })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Each with its line in the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &'b str)> + '_ {
        self.texts.iter().copied()
    }
}

/// The line, if it is one JSON object.
fn object(bytes: &[u8], line: u64) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Fault::new(line, "the bytes are not text in UTF-8")
            .hint("convert the file to UTF-8; it may be in Latin-1 or Windows-1252")
    })?;
    let hint = "a file of this format has one JSON object a line";
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let message = format!("the line is not JSON: {said} (character {})", error.column());
        return Err(Fault::new(line, message).hint(hint));
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Fault::new(line, "the line is JSON but not an object").hint(hint));
    }
    Ok(text)
}

/// Takes rows, `most` of them at most.
pub(super) fn rows(piece: Piece<'_>, body: &Body, most: usize) -> Result<Taken<RecordBatch>, Fault> {
    let lines = Lines::cut(piece, most)?;
    let found = (lines.len() > 0).then(|| batch(&lines, body)).transpose()?;
    Ok(Taken { found, bytes: lines.bytes, lines: lines.newlines })
}

/// The lines as a batch of the columns that are read.
fn batch(lines: &Lines<'_>, body: &Body) -> Result<RecordBatch, Fault> {
    let read = read_schema(body);
    let whole = decode(&lines.texts, &read, body).map_err(|error| match first_unfit(lines, &read, body) {
        Some((line, text)) => explain(line, text, body, &error),
        None => Fault::new(1, error.to_string()),
    })?;
    let wanted: Vec<usize> = (0..body.schema.fields().len()).collect();
    whole.project(&wanted).map_err(|error| Fault::new(1, error.to_string()))
}

/// The columns that are read, and those that may be there and are not.
fn read_schema(body: &Body) -> SchemaRef {
    let ignored = body.ignored.iter().flatten();
    let ignored = ignored.map(|name| Arc::new(Field::new(name, DataType::Null, true)));
    Arc::new(Schema::new(body.schema.fields().iter().cloned().chain(ignored).collect::<Vec<_>>()))
}

fn decode(lines: &[(u64, &str)], schema: &SchemaRef, body: &Body) -> Result<RecordBatch, ArrowError> {
    let mut decoder = ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(lines.len())
        .with_strict_mode(body.ignored.is_some())
        .with_coerce_primitive(true)
        .with_decoder_factory(Arc::new(Exact))
        .build_decoder()?;
    for (_, text) in lines {
        decoder.decode(text.as_bytes())?;
        // A number at the end of a line is not known to end there.
        decoder.decode(b"\n")?;
    }
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema))))
}

/// The first line that cannot be decoded, found by halving.
fn first_unfit<'b>(lines: &Lines<'b>, schema: &SchemaRef, body: &Body) -> Option<(u64, &'b str)> {
    let mut rest = &lines.texts[..];
    while rest.len() > 1 {
        let (before, after) = rest.split_at(rest.len() / 2);
        rest = if decode(before, schema, body).is_err() { before } else { after };
    }
    rest.first().copied()
}

/// Which key of a line that cannot be decoded is to blame, and why.
fn explain(line: u64, text: &str, body: &Body, error: &ArrowError) -> Fault {
    let unknown = Fault::new(line, error.to_string());
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) else { return unknown };
    for (key, value) in &object {
        let Ok(field) = body.schema.field_with_name(key) else {
            if body.ignored.as_ref().is_some_and(|ignored| !ignored.contains(key)) {
                return Fault::new(line, format!("the key \"{key}\" is not among the columns"))
                    .in_column(key)
                    .hint("columns come from the beginning of a file: declare this one under `schema: columns:`, or set `extra_columns: drop`");
            }
            continue;
        };
        let alone: SchemaRef = Arc::new(Schema::new(vec![field.clone()]));
        let only = serde_json::json!({ key: value }).to_string();
        if let Err(error) = decode(&[(line, &only)], &alone, body) {
            let told = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let fault = body.unfit(line, field, &shown(&told));
            return if field.data_type().is_nested() {
                Fault { message: format!("{}: {error}", fault.message), ..fault }
            } else {
                fault
            };
        }
    }
    unknown
}

/// Why a column of this type cannot be read from NDJSON, if it cannot.
pub(super) fn unreadable(data_type: &DataType) -> Option<String> {
    match data_type {
        DataType::LargeList(item) => unreadable(item.data_type()),
        DataType::Struct(fields) if fields.is_empty() => Some("its objects have no keys".to_owned()),
        DataType::Struct(fields) => fields.iter().find_map(|field| unreadable(field.data_type())),
        DataType::BinaryView => Some(format!("NDJSON cannot hold {}", type_name(data_type))),
        other => (!cells::is_known(other)).then(|| format!("NDJSON cannot hold {}", type_name(other))),
    }
}

/// Decodes values that must not be rounded, and leaves out those that are ignored.
#[derive(Debug)]
struct Exact;

impl DecoderFactory for Exact {
    fn make_default_decoder(
        &self,
        _: &DecoderContext,
        field: &FieldRef,
        _: bool,
    ) -> Result<Option<Box<dyn ArrayDecoder>>, ArrowError> {
        let data_type = field.data_type();
        Ok(match data_type {
            DataType::Null => Some(Box::new(Ignored)),
            DataType::Utf8View | DataType::Boolean => None,
            known if cells::is_known(known) => Some(Box::new(Cells(known.clone()))),
            _ => None,
        })
    }
}

struct Ignored;

impl ArrayDecoder for Ignored {
    fn decode(&mut self, _: &Tape<'_>, rows: &[u32]) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(NullArray::new(rows.len())))
    }
}

/// Values that are written as numbers or in quotes.
struct Cells(DataType);

impl ArrayDecoder for Cells {
    fn decode(&mut self, tape: &Tape<'_>, rows: &[u32]) -> Result<ArrayRef, ArrowError> {
        let (wanted, numeric) = (type_name(&self.0), self.0.is_numeric());
        for row in rows {
            match tape.get(*row) {
                TapeElement::Null | TapeElement::String(_) => {}
                TapeElement::Number(_) if numeric => {}
                _ => return Err(tape.error(*row, &wanted)),
            }
        }
        let texts = rows.iter().map(|row| match tape.get(*row) {
            TapeElement::String(at) | TapeElement::Number(at) => Some(Cow::Borrowed(tape.get_string(at))),
            _ => None,
        });
        cells::column(&self.0, texts).map_err(|row| tape.error(rows[row], &wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Decimal128Type, Int64Type};

    fn body(fields: &[(&str, DataType)], ignored: Option<&[&str]>) -> Body {
        let fields: Vec<Field> =
            fields.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true)).collect();
        Body {
            names: Vec::new(),
            schema: Arc::new(Schema::new(fields)),
            declared: Vec::new(),
            ignored: ignored.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    fn read(text: &str, body: &Body) -> Result<RecordBatch, Fault> {
        let piece = Piece { bytes: text.as_bytes(), line: 1, ended: true };
        Ok(rows(piece, body, usize::MAX)?.found.expect("there are rows"))
    }

    fn fault(text: &str, body: &Body) -> (u64, Option<String>, String) {
        let fault = read(text, body).unwrap_err();
        (fault.line, fault.column, fault.message)
    }

    #[test]
    fn absent_keys_and_null_are_null_and_blank_lines_are_nothing() {
        let batch =
            read("{\"x\":1}\n\n  \r\n{\"x\":null}\r\n{}", &body(&[("x", DataType::Int64)], Some(&[])))
                .unwrap();
        assert_eq!((batch.num_rows(), batch.column(0).null_count()), (3, 2));
    }

    #[test]
    fn of_a_key_given_twice_the_last_value_counts() {
        let batch = read("{\"x\":1,\"x\":2}\n", &body(&[("x", DataType::Int64)], Some(&[]))).unwrap();
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 2);
    }

    #[test]
    fn plain_values_in_a_column_of_text_are_the_text_they_are_written_as() {
        let text = body(&[("x", DataType::Utf8View)], Some(&[]));
        let batch = read("{\"x\":1.50}\n{\"x\":true}\n{\"x\":\"é\"}\n", &text).unwrap();
        let values = batch.column(0).as_string_view();
        assert_eq!((0..3).map(|row| values.value(row)).collect::<Vec<_>>(), ["1.50", "true", "é"]);
        assert_eq!(fault("{\"x\":{}}\n", &text).1.as_deref(), Some("x"));
    }

    #[test]
    fn numbers_may_be_in_quotes_and_are_never_rounded() {
        let money = body(&[("x", DataType::Decimal128(5, 2))], Some(&[]));
        let batch = read("{\"x\":\"1.25\"}\n{\"x\":3}\n", &money).unwrap();
        assert_eq!(batch.column(0).as_primitive::<Decimal128Type>().value(1), 300);
        assert_eq!(fault("{\"x\":1}\n{\"x\":1.255}\n", &money).0, 2);
        let whole = body(&[("y", DataType::Int64), ("x", DataType::Int64)], Some(&[]));
        let (line, column, message) = fault("{\"x\":1}\n{\"x\":2}\n{\"y\":1,\"x\":1.5}\n{\"x\":3}\n", &whole);
        assert_eq!((line, column.as_deref()), (3, Some("x")));
        assert_eq!(message, "\"1.5\" does not fit the type int64");
    }

    #[test]
    fn a_date_is_text_and_no_number() {
        let dates = body(&[("x", DataType::Date32)], Some(&[]));
        assert!(read("{\"x\":\"2024-02-29\"}\n", &dates).is_ok());
        assert_eq!(fault("{\"x\":19782}\n", &dates).1.as_deref(), Some("x"));
    }

    #[test]
    fn an_unknown_key_is_an_error_unless_unknown_keys_are_left_out() {
        let text = "{\"x\":1}\n{\"x\":2,\"day\":[{}]}\n{\"new\":{\"a\":1}}\n";
        let (line, column, _) = fault(text, &body(&[("x", DataType::Int64)], Some(&["day"])));
        assert_eq!((line, column.as_deref()), (3, Some("new")));
        assert_eq!(read(text, &body(&[("x", DataType::Int64)], None)).unwrap().num_rows(), 3);
    }

    #[test]
    fn what_is_not_one_object_a_line_is_told_with_its_line() {
        let any = body(&[("a", DataType::Int64)], None);
        for (text, line) in [
            ("{\"a\":1}\n[1]\n", 2),
            ("{\"a\":1}\n\n1\n", 3),
            ("[\n{\"a\":1}\n]\n", 1),
            ("{\n\"a\":1}\n", 1),
            ("{\"a\":1}{\"a\":2}\n", 1),
            ("{\"a\":1},\n", 1),
            ("{\"a\":1\n", 1),
            ("{\"a\":1 \"b\":2}\n", 1),
            ("{\"a\":1,}\n", 1),
            ("{\"a\":NaN}\n", 1),
            ("{\"a\":01}\n", 1),
            ("{\"a\":1}\nnull\n", 2),
            ("{\"a\":\"x\n\"}\n", 1),
        ] {
            assert_eq!(fault(text, &any).0, line, "{text:?}");
        }
        let latin = rows(Piece { bytes: b"{\"a\":\"\xe9\"}", line: 7, ended: true }, &any, 1).err().unwrap();
        assert_eq!(latin.line, 7);
    }
}
