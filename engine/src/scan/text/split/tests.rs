//! Records and fields, well formed and not.

use super::*;
use proptest::prelude::*;

const COMMA: Splitter = Splitter { delimiter: b',', quote: Some(b'"') };

fn piece(bytes: &[u8]) -> Piece<'_> {
    Piece { bytes, line: 1, ended: true }
}

fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let records = COMMA.split(piece(text.as_bytes()), usize::MAX, None)?;
    let row = |record| (0..records.width()).map(|field| records.cell(record, field).into_owned()).collect();
    Ok((0..records.len()).map(|record| (records.line(record), row(record))).collect())
}

fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
    (line, fields.iter().map(|field| (*field).to_owned()).collect())
}

fn fault(text: &str) -> (u64, String) {
    let fault = rows(text).unwrap_err();
    (fault.line, fault.message)
}

#[test]
fn records_end_in_lf_or_cr_lf_or_with_the_file() {
    let expected = vec![row(1, &["a", "b"]), row(2, &["1", ""])];
    for text in ["a,b\n1,\n", "a,b\r\n1,\r\n", "a,b\n1,", "a,b\r\n1,\r"] {
        assert_eq!(rows(text).unwrap(), expected, "{text:?}");
    }
    assert_eq!(rows("").unwrap(), []);
}

#[test]
fn quotes_keep_delimiters_line_ends_and_doubled_quotes() {
    assert_eq!(
        rows("\"a,b\",\"c\r\nd\"\n\"\",\"say \"\"hi\"\"\"\r\n\"\"\"\",5\" pipe").unwrap(),
        [row(1, &["a,b", "c\r\nd"]), row(3, &["", "say \"hi\""]), row(4, &["\"", "5\" pipe"])]
    );
}

#[test]
fn empty_lines_are_no_records_but_are_counted() {
    assert_eq!(rows("\n\r\na\n\nb\n\n").unwrap(), [row(3, &["a"]), row(5, &["b"])]);
}

#[test]
fn a_line_with_too_many_or_too_few_fields_is_told() {
    assert_eq!(fault("a,b\n1,2\n3\n"), (3, "the line has 1 field where the first has 2".into()));
    assert_eq!(fault("a,b\n\"x\ny\",2\n3,4,5\n"), (4, "the line has 3 fields where the first has 2".into()));
}

#[test]
fn broken_quotes_are_told_with_the_line_and_field_of_the_quote() {
    let broken = rows("a,b\n1,2\n3,\"x\"y\n").unwrap_err();
    assert_eq!((broken.line, broken.field), (3, Some(1)));
    assert_eq!(fault("a,b\n\"x\ny\",\"z\n1,2\n").0, 3);
    assert!(fault("a,b\n1,\"z").1.contains("not closed"));
    assert!(fault("a\rb\n").1.contains("carriage return"));
}

#[test]
fn bytes_that_are_not_utf8_are_told_with_their_field() {
    let bytes = b"a,b\nx,y\nz,caf\xe9\n";
    let fault = COMMA.split(piece(bytes), usize::MAX, None).unwrap_err();
    assert_eq!((fault.line, fault.field), (3, Some(1)));
}

#[test]
fn half_a_character_in_each_of_two_fields_is_no_character() {
    assert!(COMMA.split(piece(b"\xc3,\xa9\n"), usize::MAX, None).is_err());
}

#[test]
fn without_a_quote_character_quotes_are_text() {
    let plain = Splitter { delimiter: b'\t', quote: None };
    let records = plain.split(piece(b"\"a\t5\"\n"), usize::MAX, None).unwrap();
    assert_eq!((records.cell(0, 0).as_ref(), records.cell(0, 1).as_ref()), ("\"a", "5\""));
}

#[test]
fn what_is_not_whole_is_left() {
    for text in ["a,b\n1,", "a,b\n1,\"x", "a,b\n1,\"x\"", "a,b\n1,\"x\"\r", "a,b\n1,x\r"] {
        let piece = Piece { ended: false, ..piece(text.as_bytes()) };
        let records = COMMA.split(piece, usize::MAX, None).unwrap();
        assert_eq!((records.len(), records.bytes()), (1, 4), "{text:?}");
    }
}

fn written(records: &[Vec<String>], end: &str) -> String {
    let field = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
    records.iter().map(|record| record.iter().map(field).collect::<Vec<_>>().join(",") + end).collect()
}

proptest! {
    #[test]
    fn what_was_written_is_what_is_read_however_it_is_cut(
        records in prop::collection::vec(prop::collection::vec("[a\",\r\né ]{0,4}", 3), 1..6),
        end in prop::sample::select(vec!["\n", "\r\n"]),
        cut in 0_usize..120,
    ) {
        let text = written(&records, end);
        let bytes = text.as_bytes();
        let first = Piece { bytes: &bytes[..cut.min(bytes.len())], line: 1, ended: false };
        // A character may be cut in two, but not one of a whole record.
        let before = COMMA.split(first, usize::MAX, Some(3)).expect("the records are well formed");
        let rest = Piece { bytes: &bytes[before.bytes()..], line: 1 + before.newlines, ended: true };
        let after = COMMA.split(rest, usize::MAX, Some(3)).expect("the records are well formed");
        let read: Vec<Vec<String>> = [&before, &after]
            .into_iter()
            .flat_map(|part| {
                (0..part.len()).map(|record| {
                    (0..3).map(|field| part.cell(record, field).into_owned()).collect()
                })
            })
            .collect();
        prop_assert_eq!(read, records);
        let lines = memchr_iter(b'\n', bytes).count() as u64;
        prop_assert_eq!(before.newlines + after.newlines, lines);
    }
}
