//! What a year of stored states costs: judging a day against them, and the size of one state.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench that cannot go on stops, and tells sizes"
)]

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use chrono::{DateTime, Duration, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lockgate_engine::commit::Home;
use lockgate_engine::history::{self, Asked, Past};
use lockgate_engine::store::{Io, Settings, Stores};
use lockgate_rules::{Baseline, Batch, Depth, Point, Profile, References, Suite};

const DAYS: u32 = 365;

/// Rows of a day: more than are kept of its quantiles and values.
const ROWS: usize = 10_000;

/// Rows of so many columns of numbers and of texts.
fn rows(numbers: usize, texts: usize, day: u32) -> RecordBatch {
    let at = |row: usize, column: usize| (row * 7919 + column * 104_729 + day as usize * 13) % 9973;
    let number = |column: usize| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| at(row, column) as f64 / 7.0)))
    };
    let text = |column: usize| -> ArrayRef {
        let values = (0..ROWS).map(|row| format!("value {}", at(row, column) % 500));
        Arc::new(StringArray::from_iter_values(values))
    };
    let numbers = (0..numbers).map(|column| (format!("number_{column:02}"), number(column)));
    let texts = (0..texts).map(|column| (format!("text_{column:02}"), text(column)));
    RecordBatch::try_from_iter(numbers.chain(texts)).unwrap()
}

fn profile(record: &RecordBatch) -> Profile {
    let schema = record.schema();
    let wanted: Vec<_> = schema.fields().iter().map(|field| (field.name().clone(), Depth::Drift)).collect();
    let suite = Suite::bind_profiling(Vec::new(), &schema, References::default(), &wanted).unwrap();
    let batch = Batch { record, predicates: &[], origins: None, now: DateTime::UNIX_EPOCH, partitions: None };
    let mut state = suite.start();
    state.merge(suite.measure(&batch).unwrap().part).unwrap();
    state.profiles().into_values().next().unwrap()
}

fn point(day: u32, profile: Profile) -> Point {
    let time = DateTime::UNIX_EPOCH + Duration::days(i64::from(day));
    Point { key: String::new(), run_id: format!("{day:016x}"), time, profile }
}

/// The state of a point as it is stored: its name and its bytes.
fn stored(point: &Point) -> (String, Vec<u8>) {
    let time: DateTime<Utc> = point.time;
    let state = history::state("rows", std::slice::from_ref(point), &point.run_id, time, "bench").unwrap();
    (state.name, serde_json::to_vec(&state.content).unwrap())
}

fn drift(c: &mut Criterion) {
    let (_, bytes) = stored(&point(0, profile(&rows(30, 30, 0))));
    eprintln!("a state of 30 columns of numbers and 30 of texts: {} bytes", bytes.len());

    let folder = tempfile::tempdir().unwrap();
    let states = folder.path().join("home/states/bench/rows");
    std::fs::create_dir_all(&states).unwrap();
    // A week of different days, again and again.
    let week: Vec<Profile> = (0..7).map(|day| profile(&rows(10, 10, day))).collect();
    for day in 0..DAYS {
        let (name, bytes) = stored(&point(day, week[day as usize % 7].clone()));
        std::fs::write(states.join(name), bytes).unwrap();
    }
    let io = Io::new(2).unwrap();
    let stores = Stores::new(Settings::new(folder.path(), []), io.clone());
    let past = Past::new(Home::new(stores.open("home").unwrap()), "bench", io);
    let mut group = c.benchmark_group("drift of 20 columns");
    group.throughput(Throughput::Elements(u64::from(DAYS))).sample_size(10);
    for (name, baseline) in [("against 364 days", Baseline::Last(364)), ("against 7 days", Baseline::Last(7))]
    {
        let asked = Asked { baseline, by_weekday: false, at: None };
        group.bench_function(name, |b| {
            b.iter(|| {
                let found = history::drift(&past, "rows", &asked).unwrap();
                assert_eq!(found[0].columns.len(), 20);
                black_box(found)
            });
        });
    }
    let figure = "mean(number_00)".parse().unwrap();
    group.bench_function("a figure over 365 days", |b| {
        b.iter(|| black_box(history::figures(&past, "rows", &figure, DAYS as usize).unwrap()));
    });
}

criterion_group!(benches, drift);
criterion_main!(benches);
