//! CSV and NDJSON as they really come: each slip has one documented behaviour, and every error names the
//! file, the line and the column.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, files, folder, oracle, pipeline, query, run};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// A file's name below `raw/`, and its bytes.
type Delivery<'d> = (&'d str, &'d [u8]);

/// A pipeline that copies the files of `raw/`; `more` says more about the source.
fn copying(format: &str, more: &str) -> String {
    format!(
        "pipeline: text
sources:
  raw:
    read: raw/
    format: {format}
{more}
tables:
  copied:
    from: raw
    write: {{to: out/copied/}}
"
    )
}

fn raw(deliveries: &[Delivery<'_>]) -> TempDir {
    let folder = folder();
    for (name, bytes) in deliveries {
        let path = folder.path().join("raw").join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a fresh folder");
        std::fs::write(path, bytes).expect("a fresh folder can be written");
    }
    folder
}

fn lockgate(folder: &Path, text: &str) -> Ran {
    let file = pipeline(folder, text);
    run(LOCKGATE, &["run", file.as_str(), "--format", "json", "--run-time", "2024-06-01"], &[])
}

/// What comes out of the files, as DuckDB reads it, by the value of the first column.
fn copied(deliveries: &[Delivery<'_>], format: &str, more: &str) -> Value {
    let folder = raw(deliveries);
    let _ = lockgate(folder.path(), &copying(format, more)).expect(0);
    let out = folder.path().join("out/copied").display().to_string();
    query(&format!(
        "select * exclude (created_at) from read_parquet('{out}/*/*.parquet', hive_partitioning = true) order by all"
    ))
}

/// The error of the run, which publishes nothing.
fn refused(deliveries: &[Delivery<'_>], format: &str, more: &str) -> Value {
    let folder = raw(deliveries);
    let said = lockgate(folder.path(), &copying(format, more)).expect(30).json();
    let left: Vec<String> = files(&folder.path().join("out")).into_iter().map(|(name, _)| name).collect();
    assert!(left.iter().all(|name| name.starts_with("_lockgate/")), "{left:?}");
    said["errors"][0].clone()
}

/// Fails unless the error is in `line` and `column` of `file`, and its message holds `words`.
fn assert_in(error: &Value, file: &str, (line, column): (u64, Option<&str>), words: &str) {
    let place = &error["place"];
    assert!(place["object"].as_str().is_some_and(|object| object.ends_with(file)), "{error}");
    assert_eq!((place["line"].as_u64(), place["column"].as_str()), (Some(line), column), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{error}");
}

#[test]
fn a_slip_in_a_csv_file_is_an_error_in_its_line_and_column() {
    let cases: &[(&[u8], u64, Option<&str>, &str)] = &[
        (b"id,price\n1,2.5\n\n2,x\n", 4, Some("price"), "\"x\" does not fit the type float64"),
        (b"id,price\n1,2.5,9\n", 2, None, "3 fields where the first has 2"),
        (b"id,price\r\n1,2.5\r\n2\r\n", 3, None, "1 field where the first has 2"),
        (b"id,price\n1,2.5\n2,\"3\n4,5\n", 3, Some("price"), "not closed"),
        (b"id,price\n\"a\nb\",\"2\"5\n", 3, Some("price"), "follows a closing quote"),
        (b"id,price\ncaf\xe9,2.5\n", 2, Some("id"), "UTF-8"),
        (b"id,price\n1\r2,3\n", 2, Some("id"), "carriage return"),
        (b"\xff\xfei\0d\0", 1, None, "UTF-16"),
        (b"", 1, None, "empty"),
        (b"\n\r\n", 1, None, "empty"),
    ];
    for (bytes, line, column, words) in cases {
        let declared = "    schema: {columns: {price: float64}}";
        let error = refused(&[("a.csv", b"id,price\n0,1\n"), ("b.csv", bytes)], "csv", declared);
        assert_in(&error, "raw/b.csv", (*line, *column), words);
    }
}

#[test]
fn a_slip_in_an_ndjson_file_is_an_error_in_its_line_and_column() {
    let cases: &[(&[u8], u64, Option<&str>, &str)] = &[
        (b"{\"id\":1}\n\n{\"id\":1.5}\n", 3, Some("id"), "\"1.5\" does not fit the type int64"),
        (b"{\"id\":1}\r\n{\"id\":\"x\"}\r\n", 2, Some("id"), "\"x\" does not fit the type int64"),
        (b"{\"id\":true}\n", 1, Some("id"), "\"true\" does not fit"),
        (b"{\"id\":1}\n[1]\n", 2, None, "not an object"),
        (b"{\"id\":1}\n{\"id\":1\n", 2, None, "not JSON"),
        (b"{\"id\":1 \"x\":2}\n", 1, None, "not JSON"),
        (b"{\"id\":1}{\"id\":2}\n", 1, None, "not JSON"),
        (b"[\n{\"id\":1}\n]\n", 1, None, "not JSON"),
        (b"{\"id\":1}\n{\"x\":\"\xe9\"}\n", 2, None, "UTF-8"),
    ];
    for (bytes, line, column, words) in cases {
        let declared = "    schema: {columns: {id: int64}}";
        let error = refused(&[("a.ndjson", b"{\"id\":0}\n"), ("b.ndjson", bytes)], "ndjson", declared);
        assert_in(&error, "raw/b.ndjson", (*line, *column), words);
    }
}

#[test]
fn a_later_line_that_breaks_what_was_inferred_says_so_and_a_declared_type_mends_it() {
    let rows = 200_000;
    let csv: Vec<String> = (0..rows).map(|row| format!("{row},{}", row % 7)).collect();
    let csv = format!("id,n\n{}\n{rows},many\n", csv.join("\n"));
    assert!(csv.len() > 1 << 20);
    let error = refused(&[("a.csv", csv.as_bytes())], "csv", "");
    assert_in(&error, "a.csv", (rows + 2, Some("n")), "\"many\" does not fit the type int64");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("schema: columns:")), "{error}");
    let folder = raw(&[("a.csv", csv.as_bytes())]);
    let declared = copying("csv", "    schema: {columns: {n: string}}");
    let record = lockgate(folder.path(), &declared).expect(0).json();
    assert_eq!(record["tables"][0]["rows_out"], rows + 1);

    let lines: Vec<String> = (0..rows).map(|row| format!("{{\"id\":{row}}}\n")).collect();
    let lines = lines.concat();
    let late = format!("{lines}{{\"id\":1,\"late\":[1]}}\n");
    let error = refused(&[("a.ndjson", late.as_bytes())], "ndjson", "");
    assert_in(&error, "a.ndjson", (rows + 1, Some("late")), "not among the columns");
    for (more, late) in [
        ("    schema: {columns: {late: list<int64>}}", json!([1])),
        ("    schema: {columns: {id: int64}, extra_columns: drop}", Value::Null),
    ] {
        let folder = raw(&[("a.ndjson", format!("{lines}{{\"id\":-1,\"late\":[1]}}\n").as_bytes())]);
        let _ = lockgate(folder.path(), &copying("ndjson", more)).expect(0);
        let out = folder.path().join("out/copied").display().to_string();
        let found = query(&format!(
            "select * exclude (created_at) from read_parquet('{out}/*/*.parquet') where id < 0"
        ));
        assert_eq!(found[0]["late"], late);
    }
}

#[test]
fn what_only_looks_like_a_slip_is_read() {
    let awkward =
        b"\xef\xbb\xbfid,text\r\n1,\"a,\"\"b\"\"\r\nc\"\r\n\r\n2,5\" pipe\r\n3,\r\n4,\"\"\r\n\"5\",\" x \"";
    let expected = json!([
        {"id": 1, "text": "a,\"b\"\r\nc"},
        {"id": 2, "text": "5\" pipe"},
        {"id": 3, "text": null},
        {"id": 4, "text": null},
        {"id": 5, "text": " x "},
    ]);
    assert_eq!(copied(&[("a.csv", awkward)], "csv", ""), expected);
    let lines = b"\xef\xbb\xbf{\"id\":1,\"text\":\"a\\n\\u00e9\"}\r\n\r\n  {\"text\":null,\"id\":2}\n{\"id\":3}\n{\"id\":9,\"id\":4}";
    let expected = json!([
        {"id": 1, "text": "a\n\u{e9}"},
        {"id": 2, "text": null},
        {"id": 3, "text": null},
        {"id": 4, "text": null},
    ]);
    assert_eq!(copied(&[("a.ndjson", lines)], "ndjson", ""), expected);
}

#[test]
fn delimiter_quote_header_and_null_values_are_as_the_pipeline_says() {
    let csv = "    csv: {delimiter: ';', quote: \"'\", header: false, null_values: [NA, '-']}";
    let found = copied(&[("a.txt", b"1;'a;b';NA\n2;\"x\";-\n3;-;7\n")], "csv", csv);
    let expected = json!([
        {"column_1": 1, "column_2": "a;b", "column_3": null},
        {"column_1": 2, "column_2": "\"x\"", "column_3": null},
        {"column_1": 3, "column_2": null, "column_3": 7},
    ]);
    assert_eq!(found, expected);
    let tabs = "    csv: {delimiter: \"\\t\", quote: none}";
    let found = copied(&[("a.tsv", b"id\tsize\n1\t\"5\n2\t\"a\" b\n")], "csv", tabs);
    assert_eq!(found, json!([{"id": 1, "size": "\"5"}, {"id": 2, "size": "\"a\" b"}]));
    for csv in ["{delimiter: ','  , quote: ','}", "{delimiter: ab}", "{quote: \"\\n\"}", "{delimitr: ';'}"] {
        let folder = raw(&[("a.csv", b"a\n1\n")]);
        let ran = lockgate(folder.path(), &copying("csv", &format!("    csv: {csv}"))).expect(30);
        assert_eq!(ran.json()["errors"][0]["place"]["line"], 6, "{}", ran.said());
    }
}

#[test]
fn files_without_rows_are_fine_where_they_can_be() {
    let declared = "    schema: {columns: {id: int64, day: date}}";
    let empty: [(&str, &[Delivery<'_>]); 2] =
        [("csv", &[("a.csv", b"id,day\n")]), ("ndjson", &[("a.ndjson", b""), ("b.ndjson", b"\n")])];
    for (format, deliveries) in empty {
        let folder = raw(deliveries);
        let record = lockgate(folder.path(), &copying(format, declared)).expect(0).json();
        assert_eq!(record["tables"][0]["rows_out"], 0, "{format}");
        assert_eq!(record["inputs"][0]["schema_differences"], json!([]), "{format}");
    }
    let found = copied(&[("a.csv", b"id,day\n"), ("b.csv", b"id,day\n1,2024-02-29\n")], "csv", "");
    assert_eq!(found, json!([{"id": 1, "day": "2024-02-29"}]));
    let found = copied(&[("a.csv", b""), ("b.csv", b"1,x\n")], "csv", "    csv: {header: false}");
    assert_eq!(found, json!([{"column_1": 1, "column_2": "x"}]));
    let found = copied(&[("a.ndjson", b""), ("b.ndjson", b"{\"id\":1}\n")], "ndjson", "");
    assert_eq!(found, json!([{"id": 1}]));
}

#[test]
fn a_schema_check_sees_the_columns_of_the_file_and_no_others() {
    let folder = raw(&[("a.csv", b"id,text\n1,a\n")]);
    let checks = "    checks: [{schema: {columns: {id: int64, text: string}, mode: exact}}]";
    let _ = lockgate(folder.path(), &copying("csv", checks)).expect(0);
    let checks = checks.replace(", text: string", "");
    let ran = lockgate(folder.path(), &copying("csv", &checks)).expect(20);
    assert_eq!(ran.json()["checks"][0]["observed"]["added"], json!(["text"]));
}

#[test]
fn names_are_told_twice_or_made_up() {
    let error = refused(&[("a.csv", b"id,x,id\n1,2,3\n")], "csv", "");
    assert!(
        error["message"].as_str().is_some_and(|said| said.contains("two columns named \"id\"")),
        "{error}"
    );
    let found = copied(&[("a.csv", b",b,\n0,x,7\n")], "csv", "");
    assert_eq!(found, json!([{"column_1": 0, "b": "x", "column_3": 7}]));
}

#[test]
fn compressed_files_are_named_and_not_left_out() {
    let plain: Delivery<'_> = ("a.csv", b"id\n1\n");
    let error = refused(&[plain, ("b.csv.gz", b"\x1f\x8b\x08\0")], "csv", "");
    assert!(error["place"]["object"].as_str().is_some_and(|object| object.ends_with("b.csv.gz")), "{error}");
    assert!(error["message"].as_str().is_some_and(|said| said.contains("compressed")), "{error}");
    let error = refused(&[plain, ("b.csv", b"\x1f\x8b\x08\0\n\n")], "csv", "");
    assert_in(&error, "b.csv", (1, None), "compressed with gzip");
    let error = refused(&[("b.ndjson", b"PAR1....")], "ndjson", "");
    assert_in(&error, "b.ndjson", (1, None), "is a Parquet file");
}

#[test]
fn a_line_without_end_is_an_error_and_takes_no_more_memory_than_the_longest_line() {
    let rows = 300_000;
    let mut endless: Vec<u8> = b"id,text\n".to_vec();
    (0..rows).for_each(|_| endless.extend_from_slice(b"1,abc\n"));
    assert!(endless.len() > 1 << 20);
    endless.extend_from_slice(b"2,\"");
    endless.resize(400 << 20, b'x');
    let folder = raw(&[("a.csv", &endless)]);
    drop(endless);
    let file = pipeline(folder.path(), &copying("csv", ""));
    let ran = oracle("peak.py", &[LOCKGATE, "run", &file, "--format", "json"]);
    let ran: Value = serde_json::from_str(&ran).expect("it prints JSON");
    assert_eq!(ran["code"], 30, "{ran}");
    let said: Value =
        serde_json::from_str(ran["stdout"].as_str().expect("a text")).expect("an error as JSON");
    assert_in(&said["errors"][0], "a.csv", (rows + 2, None), "longer than 64 MiB");
    assert!(ran["peak_bytes"].as_u64().is_some_and(|peak| peak < 300 << 20), "{}", ran["peak_bytes"]);
}

#[test]
fn types_are_inferred_where_nothing_is_lost() {
    let csv = b"whole,float,flag,day,local,instant,code,nothing,mixed,far
1,1.5,true,2024-02-29,2024-02-29 10:00:00,2024-02-29T10:00:00.5+02:00,007,,1,9223372036854775808
-2,2,FALSE,1999-12-31,2024-02-29,2024-02-29 10:00:00Z,12,,x,1
,NaN,,,,,,,,
";
    let folder = raw(&[("a.csv", csv)]);
    let _ = lockgate(folder.path(), &copying("csv", "")).expect(0);
    let out = folder.path().join("out/copied").display().to_string();
    let types =
        query(&format!("describe select * exclude (created_at) from read_parquet('{out}/*/*.parquet')"));
    let types: Vec<(&str, &str)> = types
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| Some((row["column_name"].as_str()?, row["column_type"].as_str()?)))
        .collect();
    let expected = [
        ("whole", "BIGINT"),
        ("float", "DOUBLE"),
        ("flag", "BOOLEAN"),
        ("day", "DATE"),
        ("local", "TIMESTAMP"),
        ("instant", "TIMESTAMP WITH TIME ZONE"),
        ("code", "VARCHAR"),
        ("nothing", "VARCHAR"),
        ("mixed", "VARCHAR"),
        ("far", "VARCHAR"),
    ];
    assert_eq!(types, expected);
    let values = query(&format!(
        "select code, far, instant::varchar as instant, local::varchar as local from read_parquet('{out}/*/*.parquet') where whole = 1"
    ));
    let expected = json!([{
        "code": "007",
        "far": "9223372036854775808",
        "instant": "2024-02-29 08:00:00.5+00",
        "local": "2024-02-29 10:00:00",
    }]);
    assert_eq!(values, expected);
}

#[test]
fn files_that_differ_in_type_have_the_type_that_holds_all() {
    let found = copied(&[("a.csv", b"x,y,z\n1,1,1\n"), ("b.csv", b"x,y,z\n2.5,b,\n")], "csv", "");
    assert_eq!(found, json!([{"x": 1.0, "y": "1", "z": 1}, {"x": 2.5, "y": "b", "z": null}]));
    let found = copied(
        &[("a.ndjson", b"{\"x\":1}\n"), ("b.ndjson", b"{\"x\":\"b\",\"y\":{\"k\":[1]}}\n")],
        "ndjson",
        "",
    );
    assert_eq!(found, json!([{"x": "1", "y": null}, {"x": "b", "y": {"k": [1]}}]));
    let error = refused(&[("a.ndjson", b"{\"x\":1}\n"), ("b.ndjson", b"{\"x\":{}}\n")], "ndjson", "");
    assert!(error["message"].as_str().is_some_and(|said| said.contains("\"x\"")), "{error}");
}
