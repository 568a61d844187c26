//! The pipeline that cleans generated dirty orders, and what must become of every row by the generator's ledger.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{check, oracle, table};

/// Reads what the generator writes to a folder and publishes `clean`; rows with impossible values are kept apart.
pub const DIRTY: &str = "pipeline: dirty
vars: {raw: '${LOCKGATE_RAW}', out: '${LOCKGATE_OUT}'}
sources:
  orders:
    read: '${raw}/raw_orders/'
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
    read: '${raw}/customers.parquet'
    checks:
      - primary_key: customer_id
tables:
  sound:
    from: orders
    steps:
      - filter: quantity IS NOT NULL
    checks:
      - between: {id: size, column: quantity, min: 1, max: 50, on_row: quarantine, severity: log}
      - between: {id: era, column: ordered_on, min: 2000-01-01, max: 2098-12-31, on_row: quarantine, severity: log}
    quarantine: '${out}/apart/'
  clean:
    from: sound
    steps:
      - trim: ship_mode
      - uppercase: ship_mode
      - fill_null: {discount: 0}
      - deduplicate: {keys: [order_id, line_number], keep: last, order_by: updated_at}
      - join: {with: customers, on: customer_id, how: left, expect: n-1}
      - derive: {revenue: extended_price * (1 - discount)}
    checks:
      - primary_key: [order_id, line_number]
      - between: {id: sizes, column: quantity, min: 1, max: 50}
      - in_set: {id: modes, column: ship_mode, values: [AIR, FOB, MAIL, RAIL, REG AIR, SHIP, TRUCK]}
    write: {to: '${out}/clean/', partition_by: created_at}
";

/// What the generator knows of the orders that it wrote.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    expected: Value,
}

impl Ledger {
    /// Of the orders in `folder`.
    pub fn of(folder: &Path) -> Self {
        let path = folder.join("ledger.json");
        let bytes = std::fs::read(&path).expect("the generator writes its ledger");
        let told: Value = serde_json::from_slice(&bytes).expect("the ledger is JSON");
        Self { path, expected: told["expected"].clone() }
    }

    /// Fails unless the record of a run of [`DIRTY`] tells of every defect that was put in, and of every row where
    /// it is now.
    pub fn agrees(&self, record: &Value) {
        let [raw, removed, clean] = ["raw", "removed", "clean"].map(|part| &self.expected[part]);
        let failed = |id: &str| check(record, id)["n_failed"].clone();
        assert_eq!(record["inputs"][0]["rows"], raw["rows"]);
        for column in ["quantity", "discount", "ship_mode", "customer_id"] {
            // What never happens is not in the ledger.
            let planted = raw["null"][column].as_u64().unwrap_or_default();
            assert_eq!(failed(&format!("null.{column}")), planted, "{column}");
        }
        assert_eq!(failed("out_of_range"), raw["quantity_out_of_range"]);
        assert_eq!(failed("unclean"), raw["ship_mode_unclean"]);
        assert_eq!(failed("bad_date"), raw["ordered_on_bad"]);
        assert_eq!(failed("orphan"), raw["customer_orphan"]);
        assert_eq!(check(record, "repeated")["observed"], raw["key_repeated"]);

        let (sound, last) = (table(record, "sound"), table(record, "clean"));
        let apart = number(&removed["quantity_out_of_range"]) + number(&removed["ordered_on_bad"]);
        assert_eq!(json!(gone(sound, 0)), removed["quantity_null"]);
        assert_eq!(number(&sound["rows_quarantined"]), apart);
        assert_eq!(json!(gone(last, 3)), removed["key_repeated"]);
        assert_eq!(last["steps"][4]["counts"]["unmatched_left"], clean["customer_unmatched"]);
        assert_eq!(last["rows_out"], clean["rows"]);
        assert_eq!(last["output"]["rows"], clean["rows"]);
        assert_eq!(number(&raw["rows"]), gone(sound, 0) + apart + gone(last, 3) + number(&clean["rows"]));
    }

    /// Fails unless the rows below the folder `dataset` are the clean ones, as DuckDB reads them.
    pub fn holds(&self, dataset: &Path) {
        let _ = oracle("dirty.py", &[&self.path.display().to_string(), &dataset.display().to_string()]);
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number of rows"))
}

/// Rows that the step at this place of a table took away.
fn gone(table: &Value, step: usize) -> u64 {
    let step = &table["steps"][step];
    number(&step["rows_in"]) - number(&step["rows_out"])
}
