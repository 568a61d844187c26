//! Generated dirty orders: every defect that was put in is found, every row is accounted for.

use lockgate_fixtures::{Format, Orders};
use lockgate_tests::{check, files, folder, oracle, pipeline, run, table};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

const PIPELINE: &str = "pipeline: dirty
sources:
  orders:
    read: raw_orders/
    checks:
      - row_count: {id: rows, min: 1}
      - not_null: {id: null.quantity, column: quantity, severity: log}
      - not_null: {id: null.discount, column: discount, severity: log}
      - not_null: {id: null.ship_mode, column: ship_mode, severity: log}
      - not_null: {id: null.customer_id, column: customer_id, severity: log}
      - between: {id: out_of_range, column: quantity, min: 1, max: 50, severity: log}
      - in_set: {id: unclean, column: ship_mode, values: [AIR, FOB, MAIL, RAIL, REG AIR, SHIP, TRUCK], severity: log}
      - between: {id: bad_date, column: ordered_on, min: 2000-01-01, max: 2098-12-31, severity: log}
      - unique: {id: repeated, columns: [order_id, line_number], severity: log}
      - foreign_key: {id: orphan, column: customer_id, to: {source: customers, columns: customer_id}, severity: log}
  customers:
    read: customers.parquet
    checks:
      - primary_key: customer_id
tables:
  clean:
    from: orders
    steps:
      - filter: quantity IS NOT NULL
      - filter: quantity BETWEEN 1 AND 50
      - filter: ordered_on BETWEEN DATE '2000-01-01' AND DATE '2098-12-31'
      - trim: ship_mode
      - uppercase: ship_mode
      - fill_null: {discount: 0}
      - deduplicate: {keys: [order_id, line_number], keep: last, order_by: updated_at}
      - join: {with: customers, on: customer_id, how: left, expect: n-1}
      - derive: {revenue: extended_price * (1 - discount)}
    checks:
      - primary_key: [order_id, line_number]
      - between: {column: quantity, min: 1, max: 50}
      - in_set: {column: ship_mode, values: [AIR, FOB, MAIL, RAIL, REG AIR, SHIP, TRUCK]}
    write: {to: out/clean/, partition_by: created_at}
";

#[test]
fn every_defect_of_the_ledger_is_found_and_every_row_accounted_for() {
    let data = folder();
    Orders::dirty(60_000, 11).write(data.path()).expect("a fresh folder can be written");
    let file = pipeline(data.path(), PIPELINE);
    let record = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &[]).expect(0).json();
    let ledger = std::fs::read(data.path().join("ledger.json")).expect("the generator writes its ledger");
    let ledger: Value = serde_json::from_slice(&ledger).expect("the ledger is JSON");
    let (raw, removed, clean) =
        (&ledger["expected"]["raw"], &ledger["expected"]["removed"], &ledger["expected"]["clean"]);

    let failed = |id: &str| check(&record, id)["n_failed"].clone();
    assert_eq!(record["inputs"][0]["rows"], raw["rows"]);
    for column in ["quantity", "discount", "ship_mode", "customer_id"] {
        assert_eq!(failed(&format!("null.{column}")), raw["null"][column], "{column}");
    }
    assert_eq!(failed("out_of_range"), raw["quantity_out_of_range"]);
    assert_eq!(failed("unclean"), raw["ship_mode_unclean"]);
    assert_eq!(failed("bad_date"), raw["ordered_on_bad"]);
    assert_eq!(failed("orphan"), raw["customer_orphan"]);
    assert_eq!(check(&record, "repeated")["observed"], raw["key_repeated"]);

    let steps = table(&record, "clean")["steps"].as_array().expect("steps");
    let gone = |step: usize| {
        json!(
            steps[step]["rows_in"].as_u64().expect("rows") - steps[step]["rows_out"].as_u64().expect("rows")
        )
    };
    assert_eq!(gone(0), removed["quantity_null"]);
    assert_eq!(gone(1), removed["quantity_out_of_range"]);
    assert_eq!(gone(2), removed["ordered_on_bad"]);
    assert_eq!(gone(6), removed["key_repeated"]);
    assert_eq!(steps[7]["counts"]["unmatched_left"], clean["customer_unmatched"]);
    assert_eq!(table(&record, "clean")["rows_out"], clean["rows"]);

    let kinds: Vec<String> = record["inputs"][0]["schema_differences"]
        .as_array()
        .expect("differences")
        .iter()
        .map(|difference| format!("{} {}", difference["column"], difference["change"]["kind"]))
        .collect();
    for expected in ["\"comment\" \"missing\"", "\"line_number\" \"widened\"", "\"warehouse\" \"missing\""] {
        assert!(kinds.iter().any(|kind| kind == expected), "{expected} is not in {kinds:?}");
    }
    let out = data.path().join("out/clean").display().to_string();
    oracle("dirty.py", &[&data.path().join("ledger.json").display().to_string(), &out]);
}

#[test]
fn csv_and_ndjson_give_what_parquet_gives() {
    let read = |format: &str| -> Vec<(String, Value)> {
        let data = folder();
        let format_of = match format {
            "csv" => Format::Csv,
            "ndjson" => Format::Ndjson,
            _ => Format::Parquet,
        };
        let orders = Orders { format: format_of, ..Orders::clean(5_000, 3) };
        orders.write(data.path()).expect("a fresh folder can be written");
        let text = format!(
            "pipeline: formats
sources:
  orders:
    read: raw_orders/
    format: {format}
    schema:
      columns: {{order_id: int64, line_number: int32, quantity: 'decimal(12,2)', extended_price: float64, updated_at: 'timestamp(us, UTC)', ordered_on: date}}
tables:
  sums:
    from: orders
    steps:
      - aggregate:
          by: ship_mode
          measures: {{n: count(*), q: sum(quantity), p: sum(extended_price), first: min(ordered_on), last: max(updated_at)}}
    checks:
      - row_count: {{equals: 7}}
      - statistic: {{id: sum, column: q, fn: sum, min: 0}}
      - statistic: {{id: price, column: p, fn: sum, min: 0}}
    write: {{to: out/sums/}}
"
        );
        let file = pipeline(data.path(), &text);
        let args = ["run", file.as_str(), "--format", "json", "--run-time", "2024-06-01"];
        let record = run(LOCKGATE, &args, &[]).expect(0).json();
        assert!(!files(&data.path().join("out/sums")).is_empty());
        ["sum", "price"].map(|id| (id.to_owned(), check(&record, id)["observed"].clone())).into()
    };
    let parquet = read("parquet");
    assert_eq!(read("csv"), parquet);
    assert_eq!(read("ndjson"), parquet);
}
