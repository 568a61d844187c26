//! A description to show.

use serde_json::Value;

use super::column::{Distinct, Length, Quantile};
use super::*;

fn frequency(value: &str, count: u64, share: f64) -> Frequency {
    Frequency { value: value.into(), count, count_error: 0, share }
}

fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: name.into(),
        data_type: data_type.into(),
        is_partition: false,
        nulls: 0,
        null_share: Some(0.0),
        nan: 0,
        distinct: None,
        min: None,
        max: None,
        mean: None,
        stddev: None,
        quantiles: Vec::new(),
        histogram: None,
        length: None,
        values: Vec::new(),
        patterns: Vec::new(),
    }
}

/// A dataset with a column of each kind, and hostile names and values.
pub(crate) fn sample() -> Description {
    let median = |value: Value| vec![Quantile { q: 0.5, value }];
    let delay = Column {
        nulls: 8_255,
        null_share: Some(0.0245),
        nan: 2,
        distinct: Some(Distinct { count: 527, exact: true }),
        min: Some(Value::from(-43.0)),
        max: Some(Value::from(1301.0)),
        mean: Some(Value::from(12.639_07)),
        stddev: Some(Value::from(40.2)),
        quantiles: median(Value::from(-2.0)),
        histogram: Some(Histogram {
            shares: vec![0.9, 0.05, 0.0, 0.01],
            edges: [-43, 293, 629, 965, 1301].map(Value::from).to_vec(),
            is_of_whole_numbers: false,
        }),
        values: vec![frequency("-5", 24_821, 0.0756)],
        ..column("dep_delay", "float64")
    };
    let carrier = Column {
        distinct: Some(Distinct { count: 16, exact: true }),
        length: Some(Length { min: 2, mean: 2.0, max: 2 }),
        values: vec![frequency("UA", 58_665, 0.174_196), frequency("\u{1b}[2J<b>", 2, 6e-6)],
        patterns: vec![frequency("AA", 300_000, 0.89), frequency("9A", 18_460, 0.054)],
        ..column("carrier", "string")
    };
    let hour = Column {
        distinct: Some(Distinct { count: 6_936, exact: false }),
        min: Some(Value::from("2013-01-01 05:00:00")),
        max: Some(Value::from("2013-12-31 23:00:00")),
        quantiles: median(Value::from("2013-07-03 10:00:00")),
        ..column("time_hour\r", "timestamp(us, utc)")
    };
    Description {
        format_version: VERSION,
        dataset: "lake/flights/".into(),
        rows: 336_776,
        files: 12,
        bytes: 5_210_000,
        columns: vec![delay, carrier, hour, column("tags", "list")],
    }
}

#[test]
fn the_document_says_its_version() {
    let document = serde_json::to_value(sample()).expect("a description");
    assert_eq!(document["format_version"], 1);
    assert_eq!(document["columns"][0]["quantiles"][0]["value"], -2.0);
}

#[test]
fn a_dataset_is_called_after_the_last_part_that_names_it() {
    let name = |dataset: &str| Description { dataset: dataset.into(), ..sample() }.name();
    let places =
        ["lake/flights/", "s3://lake/orders/*.csv.gz", "people.parquet", "*.csv", "s3://lake/a/d={1,2}/"];
    assert_eq!(places.map(name), ["flights", "orders", "people.parquet", "*.csv", "a"]);
}
