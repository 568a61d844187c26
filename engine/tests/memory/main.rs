//! Memory changes nothing but where rows and keys are: the same bytes come out with hardly any room for them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use lockgate_engine::memory::Process;
use lockgate_engine::spec::SourceText;
use lockgate_engine::store::Settings;
use lockgate_engine::{Engine, Error, Options, Pipeline, RunRecord};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

const LINES: i64 = 200_000;
const ORDERS: i64 = 40_000;

const PIPELINE: &str = "pipeline: memory
vars: {out: ./out}
sources:
  lines:
    read: lines.parquet
    checks:
      - unique: {id: repeated, columns: [order_id, line], severity: log}
  orders: {read: orders.parquet}
tables:
  first:
    from: lines
    steps:
      - deduplicate: [order_id, line]
      - join: {with: orders, on: order_id, expect: n-1}
    checks:
      - unique: note
    write: {to: \"${out}/first/\"}
  last:
    from: lines
    steps:
      - deduplicate: {keys: note, keep: last, order_by: price desc}
      - join: {with: orders, on: order_id, how: full}
      - sort: [{price: desc}, note]
    write: {to: \"${out}/last/\"}
  customers:
    from: first
    steps:
      - aggregate:
          by: [customer, mode]
          measures: {lines: count(*), revenue: sum(price), notes: count(distinct note), newest: max(note)}
    write: {to: \"${out}/customers/\"}
  all:
    from: customers
    steps:
      - select: [customer, mode]
      - union: {with: orders, missing: null}
    write: {to: \"${out}/all/\"}
";

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let record = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(30_000)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), record.schema(), Some(properties)).unwrap();
    writer.write(&record).unwrap();
    writer.close().unwrap();
}

/// Lines of orders, a tenth of them twice, of which some orders are not known.
fn data(folder: &Path) {
    let line = |row: i64| if row % 10 == 9 { row - 1 } else { row };
    let scrambled = |row: i64| (line(row) * 7_919) % (ORDERS + 500);
    let mode = |row: i64| [Some("AIR"), None, Some("SHIP")][row as usize % 3];
    let lines = || 0..LINES;
    write(
        &folder.join("lines.parquet"),
        vec![
            ("order_id", Arc::new(Int64Array::from_iter_values(lines().map(scrambled))) as ArrayRef),
            ("line", Arc::new(Int64Array::from_iter_values(lines().map(|row| line(row) / 41)))),
            ("mode", Arc::new(lines().map(mode).collect::<StringArray>())),
            (
                "price",
                Arc::new(Float64Array::from_iter_values(lines().map(|row| (row % 9_973) as f64 / 7.0))),
            ),
            (
                "note",
                Arc::new(StringArray::from_iter_values(
                    lines().map(|row| format!("the note of line {}", line(row))),
                )),
            ),
        ],
    );
    let customer = |order: i64| (order % 11 != 0).then(|| format!("customer {}", order % 9_001));
    write(
        &folder.join("orders.parquet"),
        vec![
            ("order_id", Arc::new(Int64Array::from_iter_values((0..ORDERS).rev())) as ArrayRef),
            ("customer", Arc::new((0..ORDERS).rev().map(customer).collect::<StringArray>())),
        ],
    );
}

fn run(folder: &Path, out: &str, change: impl FnOnce(&mut Options)) -> Result<RunRecord, Vec<Error>> {
    let mut options = Options {
        threads: 2,
        memory: None,
        ceiling: None,
        spill_dir: folder.to_owned(),
        spill_limit: None,
        run_time: "2024-03-01T00:00:00Z".parse().unwrap(),
        dry_run: false,
        shortcuts: false,
        seed: 0,
        usage: None,
    };
    change(&mut options);
    let clock = Arc::new(|| "2024-03-01T00:00:00Z".parse().unwrap());
    let engine = Engine::new(options, Settings::new(folder, []), clock).unwrap();
    let out = vec![("out".to_owned(), out.to_owned())];
    let text = SourceText::new("pipeline.yaml", PIPELINE);
    engine.run(&Pipeline::load(text, &out, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors:?}")))
}

/// Every published file with its bytes, by its path without the part that tells runs apart.
fn published(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((path.file_name().unwrap() != "_lockgate").then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                let (before, _) = name.rsplit_once('-').unwrap();
                found.insert(before.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A process that holds more than it may.
struct Grown;

impl Process for Grown {
    fn resident(&self) -> u64 {
        (1 << 30) + 1
    }

    fn give_back(&self) {}
}

fn verdicts(record: &RunRecord) -> Vec<serde_json::Value> {
    let of = |check: &lockgate_engine::report::Check| {
        let verdict = &check.verdict;
        serde_json::json!([check.on, verdict.id, verdict.status, verdict.observed])
    };
    record.checks.iter().map(of).collect()
}

#[test]
fn the_same_bytes_come_out_with_hardly_any_room() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let roomy = run(folder.path(), "roomy", |_| {}).unwrap();
    assert_eq!(roomy.resources.spilled_bytes, 0);
    let expected = published(&folder.path().join("roomy"));
    assert_eq!(expected.len(), 4);
    for (threads, memory) in [(1, 4 << 20), (2, 32 << 20), (3, 1)] {
        let out = format!("tight-{threads}");
        let tight = run(folder.path(), &out, |options| {
            options.threads = threads;
            options.memory = Some(memory);
        });
        let tight = tight.unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(tight.resources.spilled_bytes > 1 << 20, "{}", tight.resources.spilled_bytes);
        let found = published(&folder.path().join(&out));
        let differ: Vec<&String> =
            expected.keys().filter(|name| found.get(*name) != expected.get(*name)).collect();
        assert!(differ.is_empty(), "{memory} bytes of memory on {threads} threads: {differ:?}");
        assert_eq!(found.len(), expected.len());
        assert_eq!(verdicts(&tight), verdicts(&roomy));
        let counts = |record: &RunRecord| serde_json::to_value(&record.tables).unwrap().to_string();
        assert_eq!(
            counts(&tight).matches("duplicates_removed").count(),
            counts(&roomy).matches("duplicates_removed").count()
        );
    }
    let left =
        std::fs::read_dir(folder.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(left.count(), 2, "nothing but the two inputs");
}

#[test]
fn a_run_that_needs_more_disk_than_it_may_take_stops_and_publishes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let limited = |options: &mut Options| {
        options.memory = Some(1 << 20);
        options.spill_limit = Some(1 << 20);
    };
    let errors = run(folder.path(), "out", limited).unwrap_err();
    assert!(errors[0].message().contains("more than 1048576 bytes of disk"), "{errors:?}");
    assert!(errors[0].cure().unwrap().contains("--spill-limit"));
    assert_eq!(published(&folder.path().join("out")).len(), 0);
}

#[test]
fn a_process_that_outgrows_its_memory_stops_by_itself_and_publishes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let grown = |options: &mut Options| {
        options.ceiling = Some((1 << 30, Arc::new(Grown)));
    };
    let errors = run(folder.path(), "out", grown).unwrap_err();
    assert_eq!(errors[0].kind(), lockgate_engine::Kind::Wrong);
    assert!(errors[0].message().contains("may hold 1074 MB"), "{errors:?}");
    assert!(errors[0].cure().unwrap().contains("--memory"));
    assert_eq!(published(&folder.path().join("out")).len(), 0);
}
