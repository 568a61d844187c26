//! Steps that look at more than one row, end to end: DuckDB computes the same from the same files.

use std::fmt::Write;

use lockgate_fixtures::Orders;
use lockgate_tests::{folder, oracle, pipeline, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// `tests/oracle/steps.py` knows what each table must be.
const PIPELINE: &str = "pipeline: steps
sources:
  orders: {read: raw_orders/}
  customers: {read: customers.parquet}
  baskets: {read: baskets.ndjson, format: ndjson}
  rates: {read: rates.csv, format: csv}
tables:
  windowed:
    from: orders
    steps:
      - window:
          partition_by: customer_id
          order_by: updated_at
          derive:
            nth: row_number()
            place: rank()
            dense: dense_rank()
            before: lag(extended_price, 1)
            after: lead(extended_price, 2)
            so_far: sum(extended_price)
            mean_so_far: mean(discount)
            seen: count(discount)
            least: min(quantity)
      - window: {partition_by: [ship_mode, status], derive: {most: max(extended_price), n: count(*)}}
    write: {to: out/windowed/, partition_by: created_at}
  pivoted:
    from: orders
    steps:
      - pivot: {index: status, on: ship_mode, values: quantity, columns: [AIR, RAIL, SHIP], aggregate: sum}
    write: {to: out/pivoted/}
  counted:
    from: orders
    steps:
      - pivot: {index: [status, created_at], on: ship_mode, values: discount, columns: [MAIL, FOB], aggregate: count}
    write: {to: out/counted/, partition_by: created_at}
  unpivoted:
    from: orders
    steps:
      - unpivot: {columns: [extended_price, discount], index: [order_id, line_number, created_at], names_to: measure, values_to: value, nulls: drop}
    write: {to: out/unpivoted/, partition_by: created_at}
  exploded:
    from: baskets
    steps:
      - explode: [items, prices]
    write: {to: out/exploded/}
  unpacked:
    from: baskets
    steps:
      - drop: prices
      - explode: {columns: items, empty: drop}
    write: {to: out/unpacked/}
  nearest:
    from: orders
    steps:
      - join: {with: rates, on: {ordered_on: day}, how: asof, by: ship_mode, strategy: backward, tolerance: 10d}
    write: {to: out/nearest/, partition_by: created_at}
  closest:
    from: orders
    steps:
      - join: {with: rates, on: {ordered_on: day}, how: asof, by: ship_mode, strategy: forward}
    write: {to: out/closest/, partition_by: created_at}
  sampled:
    from: orders
    steps:
      - sample: {fraction: 0.1, seed: 7}
    write: {to: out/sampled/, partition_by: created_at}
  drawn:
    from: orders
    steps:
      - sample: {rows: 500, seed: 7}
    write: {to: out/drawn/, partition_by: created_at}
  inliers:
    from: orders
    steps:
      - drop_outliers: {column: extended_price, method: iqr, k: 0.4, by: ship_mode}
      - drop_outliers: {column: quantity, method: zscore, threshold: 1.5}
    write: {to: out/inliers/, partition_by: created_at}
  fenced:
    from: orders
    steps:
      - drop_outliers: {column: extended_price, method: mad, threshold: 1}
      - drop_outliers: {column: quantity, method: percentile, lower: 0.1, upper: 0.8}
    write: {to: out/fenced/, partition_by: created_at}
  filled:
    from: orders
    steps:
      - fill_null: {discount: {with: mean}, quantity: {with: median}, ship_mode: {with: forward}, customer_id: {column: order_id}, comment: none}
    write: {to: out/filled/, partition_by: created_at}
  asked:
    from: orders
    steps:
      - sql:
          query: SELECT segment, ship_mode, COUNT(*) AS n, SUM(extended_price) AS total, MIN(ordered_on) AS first FROM this JOIN customers USING (customer_id) WHERE discount IS NOT NULL GROUP BY segment, ship_mode HAVING COUNT(*) > 5
          reads: customers
    write: {to: out/asked/}
";

const MODES: [&str; 4] = ["AIR", "RAIL", "SHIP", "TRUCK"];

/// Baskets with lists of every length, null lists and null items among them.
fn baskets() -> String {
    (0..2_000).fold(String::new(), |mut lines, basket| {
        let list = |item: &dyn Fn(usize) -> String| match basket % 11 {
            10 => "null".to_owned(),
            length => format!("[{}]", (0..length).map(item).collect::<Vec<_>>().join(",")),
        };
        let items =
            list(&|item| if (basket + item) % 7 == 0 { "null".into() } else { format!("\"i{item}\"") });
        let prices = list(&|item| format!("{}.5", basket * item));
        let _ = writeln!(lines, "{{\"basket\":{basket},\"items\":{items},\"prices\":{prices}}}");
        lines
    })
}

/// A rate for some ways to ship, every fourth day.
fn rates() -> String {
    let mut lines = "day,ship_mode,rate\n".to_owned();
    for (day, mode) in (1..=28).step_by(4).flat_map(|day| MODES.map(|mode| (day, mode))) {
        let _ = writeln!(lines, "2024-02-{day:02},{mode},{}.{day}", mode.len());
    }
    lines
}

#[test]
fn duckdb_agrees_with_every_step_that_looks_at_more_than_one_row() {
    let data = folder();
    Orders::dirty(40_000, 29).write(data.path()).expect("a fresh folder can be written");
    let put = |name: &str, text: String| {
        std::fs::write(data.path().join(name), text).expect("a fresh folder can be written");
    };
    put("baskets.ndjson", baskets());
    put("rates.csv", rates());
    let file = pipeline(data.path(), PIPELINE);
    let args = ["run", file.as_str(), "--format", "json", "--run-time", "2024-06-01"];
    let ran = run(LOCKGATE, &args, &[]).expect(0);
    put("record.json", ran.stdout);
    oracle("steps.py", &[&data.path().display().to_string()]);
}
