//! What each stage of the pass costs a row apart from steps and checks: decoding, dealing rows out to
//! partitions, encoding; and what planning and publishing cost a file.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use chrono::DateTime;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lockgate_benches::lines;
use lockgate_engine::commit::{Begun, Holder, Home, Output, Patience, Request as Begin, Session, WriteMode};
use lockgate_engine::scan::{self, Extra, Format, Request};
use lockgate_engine::sink::{Encoder, Partitioner};
use lockgate_engine::store::{Dataset, Io, Settings, Stores};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use polars::prelude::PlSmallStr;

const ROWS: usize = 1 << 20;
const BATCH: usize = 1 << 17;

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(1).unwrap())
}

fn encoder(schema: &SchemaRef, compression: Compression) -> Encoder {
    Encoder::new(Arc::clone(schema), compression, "bench").unwrap()
}

/// Stores below a folder of their own.
fn stores() -> (Stores, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Stores::new(Settings::new(folder.path(), []), Io::new(2).unwrap()), folder)
}

fn write(rows: &RecordBatch, to: &Path) {
    let mut writer = ArrowWriter::try_new(File::create(to).unwrap(), rows.schema(), None).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
}

fn everything_at(address: &str) -> Request {
    Request {
        name: "lines".into(),
        address: address.into(),
        format: Format::Parquet,
        partitions: Vec::new(),
        declared: Vec::new(),
        extra: Extra::Keep,
    }
}

fn plan(c: &mut Criterion) {
    const FILES: u64 = 1_000;
    let (stores, folder) = stores();
    for file in 0..FILES {
        let partition = folder.path().join(format!("many/day={file}"));
        std::fs::create_dir_all(&partition).unwrap();
        write(&lines(0, 10), &partition.join("lines.parquet"));
    }
    let mut group = c.benchmark_group("plan");
    group.throughput(Throughput::Elements(FILES)).sample_size(10);
    let request = everything_at("many");
    group.bench_function("files in a partition each", |b| {
        b.iter(|| black_box(scan::plan(&request, &stores, &|_| false).unwrap()));
    });
    let scan = scan::plan(&request, &stores, &|_| false).unwrap();
    group.bench_function("what their footers prove", |b| b.iter(|| black_box(scan.proofs())));
}

fn decode(c: &mut Criterion) {
    let (stores, folder) = stores();
    write(&lines(0, ROWS), &folder.path().join("lines.parquet"));
    let request = everything_at("lines.parquet");
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for (name, wanted) in [("all columns", None), ("two columns", Some(["order_id", "price"]))] {
        let mut scan = scan::plan(&request, &stores, &|_| false).unwrap();
        if let Some(wanted) = wanted {
            scan.narrow(&wanted.into_iter().map(PlSmallStr::from_static).collect()).unwrap();
        }
        group.bench_function(name, |b| {
            b.iter(|| {
                for task in 0..scan.tasks().len() {
                    let fetched = stores.io().block_on(scan.fetch(task)).unwrap();
                    let each = &mut |frame, _| {
                        black_box(frame);
                        true
                    };
                    scan.decode(task, fetched, each).unwrap();
                }
            });
        });
    }
}

fn fanout(c: &mut Criterion) {
    let rows = lines(0, BATCH);
    let keys = vec![rows.schema().index_of("created_at").unwrap()];
    let partitioner = Partitioner::new(vec!["created_at".into()], keys, (0..8).collect());
    // The same rows with the partitions interleaved row by row.
    let order = (0..BATCH as u32).map(|row| (row % 8) * (BATCH as u32 / 8) + row / 8);
    let order: UInt32Array = order.collect::<Vec<_>>().into();
    let scattered = arrow::compute::take_record_batch(&rows, &order).unwrap();
    let mut group = c.benchmark_group("fanout");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(10);
    for (name, rows) in [("runs", &rows), ("scattered", &scattered)] {
        group.bench_function(name, |b| b.iter(|| black_box(partitioner.split(rows).unwrap())));
    }
}

fn encode(c: &mut Criterion) {
    let batches: Vec<_> = (0..ROWS).step_by(BATCH).map(|first| lines(first, BATCH)).collect();
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    let schema = batches[0].schema();
    for (name, compression) in [("uncompressed", Compression::UNCOMPRESSED), ("zstd 1", zstd())] {
        let encoder = encoder(&schema, compression);
        group.bench_function(name, |b| b.iter(|| black_box(encoder.encode(&batches).unwrap())));
    }
    // What each type costs by itself.
    for column in 0..schema.fields().len() {
        let alone: Vec<_> = batches.iter().map(|batch| batch.project(&[column]).unwrap()).collect();
        let encoder = encoder(&alone[0].schema(), zstd());
        group.bench_function(format!("zstd 1, {} alone", schema.field(column).name()), |b| {
            b.iter(|| black_box(encoder.encode(&alone).unwrap()));
        });
    }
}

fn commit(c: &mut Criterion) {
    const FILES: u64 = 100;
    let mut group = c.benchmark_group("commit");
    group.throughput(Throughput::Elements(FILES)).sample_size(10);
    let publish = |(stores, folder): (Stores, tempfile::TempDir)| {
        let dataset = Dataset::new(stores.open("lake/data").unwrap()).unwrap();
        let request = Begin {
            home: Home::new(dataset.state().clone()),
            pipeline: "bench".into(),
            run_id: "run".into(),
            datasets: vec![dataset.clone()],
            holder: Holder::current(),
            patience: Patience::default(),
            now: DateTime::UNIX_EPOCH,
            engine: "bench".into(),
        };
        let Begun::Started(session) = stores.io().block_on(Session::begin(&stores, request)).unwrap() else {
            unreachable!("a fresh folder has no runs");
        };
        let partitions: Vec<String> = (0..FILES).map(|file| format!("part={file}")).collect();
        let staged = partitions.iter().map(|folder| {
            let mut upload = session.staging().upload(&dataset, &format!("{folder}/part.parquet")).unwrap();
            upload.write(Bytes::from_static(&[7; 4096])).unwrap();
            upload.finish().unwrap().wait().unwrap()
        });
        let files = staged.collect();
        let (dataset, mode, taken) = (dataset.clone(), WriteMode::Replace, Vec::new());
        let output = Output { dataset, mode, partitions, files, taken };
        let record = serde_json::json!({"run_id": "run"});
        stores.io().block_on(async {
            for partition in &output.partitions {
                session.claim(&output.dataset, partition, output.mode).await.unwrap();
            }
            session.publish(vec![output.clone()], record, Vec::new()).await.unwrap();
        });
        folder
    };
    group.bench_function("files in a partition each", |b| {
        b.iter_batched(stores, publish, BatchSize::PerIteration);
    });
}

criterion_group!(benches, plan, decode, fanout, encode, commit);
criterion_main!(benches);
