//! Generated dirty orders: every defect that was put in is found, every row is accounted for.

use lockgate_fixtures::{Format, Orders};
use lockgate_tests::{DIRTY, Ledger, check, files, folder, pipeline, run};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

#[test]
fn every_defect_of_the_ledger_is_found_and_every_row_accounted_for() {
    let data = folder();
    Orders::dirty(60_000, 11).write(data.path()).expect("a fresh folder can be written");
    let file = pipeline(data.path(), DIRTY);
    let (raw, out) = (data.path().display().to_string(), data.path().join("out"));
    let there = [("LOCKGATE_RAW", &*raw), ("LOCKGATE_OUT", &*out.display().to_string())];
    let record = run(LOCKGATE, &["run", file.as_str(), "--format", "json"], &there).expect(0).json();
    let ledger = Ledger::of(data.path());
    ledger.agrees(&record);
    ledger.holds(&out.join("clean"));

    let kinds: Vec<String> = record["inputs"][0]["schema_differences"]
        .as_array()
        .expect("differences")
        .iter()
        .map(|difference| format!("{} {}", difference["column"], difference["change"]["kind"]))
        .collect();
    for expected in ["\"comment\" \"missing\"", "\"line_number\" \"widened\"", "\"warehouse\" \"missing\""] {
        assert!(kinds.iter().any(|kind| kind == expected), "{expected} is not in {kinds:?}");
    }
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
