//! What becomes of rows that do not pass: kept apart with every reason, dropped, nulled out, and counted,
//! so that every row that came in is accounted for.

use lockgate_fixtures::{Format, Orders, PartitionDefect};
use lockgate_tests::{TempDir, check, files, folder, oracle, pipeline, query, run, table};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// `tests/oracle/quarantine.py` knows what must become of each row.
const PIPELINE: &str = "pipeline: apart
sources:
  orders:
    read: raw_orders/
    format: csv
    schema:
      columns: {quantity: string, extended_price: string}
    checks:
      - between: {id: era, column: ordered_on, min: 2000-01-01, max: 2098-12-31, on_row: quarantine, severity: log}
      - not_null: {id: buyer, column: customer_id, on_row: drop, severity: log}
      - not_null: {id: words, column: comment, severity: log}
    quarantine: apart/orders/
tables:
  typed:
    from: orders
    steps:
      - parse: {quantity: {type: 'decimal(12,2)', on_error: quarantine}, extended_price: float}
      - derive: {units: quantity, dollars: extended_price}
      - cast: {units: {type: int32, on_error: 'null'}, dollars: {type: int64, on_error: 'null'}}
      - cast: {order_id: {type: int16, on_error: quarantine}}
      - filter: line_number < 4
    checks:
      - between: {id: size, column: quantity, min: 1, max: 50, on_row: quarantine, severity: log}
      - in_set: {id: mode, column: ship_mode, values: [AIR, FOB, MAIL, RAIL, REG AIR, SHIP, TRUCK], on_row: quarantine, severity: log}
      - between: {id: cheap, column: extended_price, max: 50000, severity: log}
      - not_null: {id: rebate, column: discount, on_row: drop, severity: log}
      - between: {id: half, column: discount, max: 0.05, on_row: null_out, severity: log}
      - in_set: {id: known, column: status, values: [open, shipped, delivered], on_row: null_out, severity: log}
    write: {to: out/typed/, partition_by: created_at}
    quarantine: apart/typed/
";

#[test]
fn more_rows_in_quarantine_than_allowed_close_the_gate() {
    let data = folder();
    let orders = Orders {
        format: Format::Csv,
        partitions: 2,
        partition_defects: Vec::new(),
        ..Orders::dirty(5_000, 7)
    };
    orders.write(data.path()).expect("a fresh folder can be written");
    for (limit, code, status) in
        [("100000", 0, "pass"), ("99%", 0, "pass"), ("1", 20, "fail"), ("0.01%", 20, "fail")]
    {
        let limited = PIPELINE.replace(
            "quarantine: apart/typed/",
            &format!("quarantine: apart/typed/\n    max_quarantine: {limit}"),
        );
        let file = pipeline(data.path(), &limited);
        let record = run(LOCKGATE, &["run", &file, "--format", "json"], &[]).expect(code).json();
        let verdict = check(&record, "max_quarantine");
        assert_eq!((&verdict["status"], &verdict["on"]), (&json!(status), &json!("typed")), "{limit}");
        assert_eq!(verdict["observed"], table(&record, "typed")["rows_quarantined"]);
    }
    let wrong =
        PIPELINE.replace("quarantine: apart/typed/", "quarantine: apart/typed/\n    max_quarantine: few");
    let error = run(LOCKGATE, &["check", &pipeline(data.path(), &wrong)], &[]).expect(30).stderr;
    assert!(error.contains("expected a number of rows or a percentage"), "{error}");
}

#[test]
fn every_row_is_accounted_for_with_every_reason_it_gave() {
    let data = folder();
    let orders = Orders {
        format: Format::Csv,
        partitions: 4,
        partition_defects: vec![(1, PartitionDefect::IncompatibleType)],
        ..Orders::dirty(100_000, 23)
    };
    orders.write(data.path()).expect("a fresh folder can be written");
    let file = pipeline(data.path(), PIPELINE);
    let ran = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(0);
    let record = ran.json();
    std::fs::write(data.path().join("record.json"), ran.stdout).expect("a fresh folder can be written");

    let number = |value: &Value| value.as_u64().expect("a number of rows");
    let (input, typed) = (&record["inputs"][0], table(&record, "typed"));
    let dropped = number(&check(&record, "buyer")["n_failed"]);
    assert!(dropped > 0);
    // A row may fail both checks of the source, and then counts for both.
    let left = number(&input["rows"]) - number(&input["rows_out"]);
    let apart = number(&input["rows_quarantined"]);
    assert!(apart > 0 && left <= apart + dropped && left >= apart.max(dropped), "{input}");
    assert_eq!(input["rows_out"], typed["rows_in"]);

    let steps = typed["steps"].as_array().expect("steps");
    let lost = |step: &Value| number(&step["rows_in"]) - number(&step["rows_out"]);
    assert!(steps.windows(2).all(|pair| pair[0]["rows_out"] == pair[1]["rows_in"]), "{steps:?}");
    for position in [0, 3] {
        let step = &steps[position];
        assert_eq!(lost(step), number(&step["counts"]["quarantined"]), "{step}");
        assert!(lost(step) > 0, "{step}");
    }
    assert!(number(&steps[2]["counts"]["made_null"]) > 0, "{}", steps[2]);
    assert_eq!(lost(&steps[2]), 0);
    oracle("quarantine.py", &[&data.path().display().to_string()]);
}

/// A folder with a CSV file of these lines.
fn lines(text: &str) -> TempDir {
    let data = folder();
    std::fs::write(data.path().join("raw.csv"), text).expect("a fresh folder can be written");
    data
}

fn small(steps: &str, checks: &str) -> String {
    format!(
        "pipeline: small
sources:
  raw: {{read: raw.csv, format: csv, schema: {{columns: {{day: string, price: string}}}}}}
tables:
  clean:
    from: raw
    steps: [{steps}]
    checks: [{checks}]
    write: {{to: out/clean/}}
    quarantine: apart/clean/
"
    )
}

const RAW: &str = "id,day,price,mode
1,2024-02-29,1.50,AIR
2,30.02.2024,2.50,SHIP
3,29.02.2024,\"1.234,5\",RAIL
4,,,
5,never,x,air
";

#[test]
fn a_row_that_fails_several_checks_shows_all_their_ids() {
    let data = lines(RAW);
    let checks = "{in_set: {id: mode, column: mode, values: [AIR, SHIP], on_row: quarantine, severity: log}}, \
                  {not_null: {id: day, column: day, severity: log}}, \
                  {not_null: {id: price, column: price, on_row: quarantine, severity: log}}, \
                  {not_null: {id: way, column: mode, on_row: drop, severity: log}}, \
                  {gt: {id: late, column: id, value: 3, severity: log}}";
    let file = pipeline(data.path(), &small("", checks));
    let record = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(0).json();
    let apart = data.path().join("apart/clean").display().to_string();
    let found = query(&format!(
        "select id, lockgate_reasons as reasons, lockgate_row as row, lockgate_file as file from read_parquet('{apart}/*/*.parquet') order by id"
    ));
    let reasons: Vec<(Value, Value, Value)> = found
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["id"].clone(), row["reasons"].clone(), row["row"].clone()))
        .collect();
    let expected = [
        (json!(3), json!(["mode", "late"]), json!(2)),
        (json!(4), json!(["day", "price", "way"]), json!(3)),
        (json!(5), json!(["mode"]), json!(4)),
    ];
    assert_eq!(reasons, expected);
    assert!(found[0]["file"].as_str().is_some_and(|file| file.ends_with("raw.csv")), "{found}");
    let clean = table(&record, "clean");
    assert_eq!(
        (&clean["rows_in"], &clean["rows_out"], &clean["rows_quarantined"]),
        (&json!(5), &json!(2), &json!(3))
    );
}

#[test]
fn a_key_whose_values_are_nulled_out_is_not_taken_for_unique_any_more() {
    let text = "pipeline: nulled
sources:
  raw: {read: raw.csv, format: csv}
tables:
  once:
    from: raw
    steps: [{deduplicate: {keys: [a, b]}}]
    checks: [{between: {id: low, column: b, max: 10, on_row: null_out, severity: log}}]
    write: {to: out/once/}
  after:
    from: once
    checks: [{unique: {id: pairs, columns: [a, b], nulls_distinct: false, severity: log}}]
    write: {to: out/after/}
";
    for more in [&[][..], &["--no-shortcuts"]] {
        let data = lines("a,b\n1,11\n1,12\n2,1\n");
        let file = pipeline(data.path(), text);
        let args: Vec<&str> =
            ["run", &file, "--format", "json"].into_iter().chain(more.iter().copied()).collect();
        let record = run(LOCKGATE, &args, &[]).expect(0).json();
        assert_eq!(
            (&check(&record, "pairs")["status"], &check(&record, "pairs")["n_failed"]),
            (&json!("fail"), &json!(1))
        );
    }
}

#[test]
fn rows_are_never_sent_to_a_quarantine_that_is_not_there() {
    let data = lines(RAW);
    let text = small(
        "{cast: {id: {type: int8, on_error: quarantine}}}",
        "{not_null: {column: mode, on_row: quarantine}}",
    );
    let file = pipeline(data.path(), &text.replace("    quarantine: apart/clean/\n", ""));
    let ran = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(30).json();
    let said: Vec<(&str, u64)> = ran["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| {
            (error["message"].as_str().expect("a text"), error["place"]["line"].as_u64().expect("a line"))
        })
        .collect();
    let expected = [
        ("\"cast\" sends rows to a quarantine, and table \"clean\" has none", 7),
        ("\"not_null\" sends rows to a quarantine, and table \"clean\" has none", 8),
    ];
    assert_eq!(said, expected);
}

#[test]
fn text_that_does_not_fit_stops_the_run_becomes_null_or_is_kept_apart() {
    let parse = |on_error: &str| {
        format!(
            "{{parse: {{day: {{type: date, format: ['%Y-%m-%d', '%d.%m.%Y'], on_error: {on_error}}}, \
             price: {{type: 'decimal(8,2)', decimal_separator: ',', thousands_separator: '.', on_error: {on_error}}}}}}}"
        )
    };
    let run_with = |on_error: &str, code: i32| {
        let data = lines(RAW);
        let file = pipeline(data.path(), &small(&parse(on_error), ""));
        (run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(code), data)
    };
    let (ran, data) = run_with("fail", 30);
    assert!(ran.said().contains("parse: day is no date"), "{}", ran.said());
    assert!(files(&data.path().join("out")).is_empty() && files(&data.path().join("apart")).is_empty());

    let rows = |data: &TempDir, folder: &str, columns: &str| {
        let folder = data.path().join(folder).display().to_string();
        query(&format!("select {columns} from read_parquet('{folder}/*/*.parquet') order by id"))
    };
    let (ran, data) = run_with("'null'", 0);
    let expected = json!([
        {"id": 1, "day": "2024-02-29", "price": null},
        {"id": 2, "day": null, "price": null},
        {"id": 3, "day": "2024-02-29", "price": "1234.50"},
        {"id": 4, "day": null, "price": null},
        {"id": 5, "day": null, "price": null},
    ]);
    assert_eq!(rows(&data, "out/clean", "id, day, price"), expected);
    assert_eq!(table(&ran.json(), "clean")["steps"][0]["counts"]["made_null"], 5);

    let (ran, data) = run_with("quarantine", 0);
    assert_eq!(
        rows(&data, "out/clean", "id, price"),
        json!([{"id": 3, "price": "1234.50"}, {"id": 4, "price": null}])
    );
    let expected = json!([
        {"id": 1, "day": "2024-02-29", "price": "1.50", "lockgate_reasons": ["parse: price is no decimal(8,2)"]},
        {"id": 2, "day": "30.02.2024", "price": "2.50", "lockgate_reasons": ["parse: day is no date", "parse: price is no decimal(8,2)"]},
        {"id": 5, "day": "never", "price": "x", "lockgate_reasons": ["parse: day is no date", "parse: price is no decimal(8,2)"]},
    ]);
    assert_eq!(rows(&data, "apart/clean", "id, day, price, lockgate_reasons"), expected);
    let clean = table(&ran.json(), "clean").clone();
    assert_eq!((&clean["rows_out"], &clean["rows_quarantined"]), (&json!(2), &json!(3)));
}
