//! Deduplication, an n-1 join and an aggregation over one million rows in batches: what each costs a row,
//! from preparing a batch to the rows that go on.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lockgate_engine::memory::Memory;
use lockgate_engine::spec::{Value, read};
use lockgate_engine::steps::{BindContext, Lowering, Operator, find};
use polars::prelude::{Column, DataFrame};

const ROWS: usize = 1_000_000;
const BATCH: usize = 100_000;

/// Lines of orders: four to an order, one in a hundred delivered twice.
fn lines() -> DataFrame {
    let order = |row: usize| (row - usize::from(row % 100 == 99)) as i64;
    let columns = vec![
        Column::new("order".into(), (0..ROWS).map(|row| order(row) / 4).collect::<Vec<i64>>()),
        Column::new("line".into(), (0..ROWS).map(|row| (order(row) % 4) as i32).collect::<Vec<i32>>()),
        Column::new(
            "mode".into(),
            (0..ROWS).map(|row| ["AIR", "RAIL", "SHIP"][row % 3]).collect::<Vec<&str>>(),
        ),
        Column::new("price".into(), (0..ROWS).map(|row| (row % 9973) as f64 / 7.0).collect::<Vec<f64>>()),
    ];
    DataFrame::new(ROWS, columns).unwrap()
}

fn orders() -> DataFrame {
    let rows = ROWS / 4;
    let columns = vec![
        Column::new("order".into(), (0..rows as i64).collect::<Vec<i64>>()),
        Column::new("customer".into(), (0..rows as i64).map(|row| row % 997).collect::<Vec<i64>>()),
    ];
    DataFrame::new(rows, columns).unwrap()
}

fn open(step: &str, input: &DataFrame, others: &[(&str, &DataFrame)]) -> Box<dyn Operator> {
    let node = read(step).unwrap();
    let Value::Map(entries) = &node.value else { unreachable!("a step is a map") };
    let parsed = (find(&entries[0].0.value).unwrap().parse)(&entries[0].1).unwrap();
    let schemas: Vec<_> = others.iter().map(|(name, frame)| (*name, frame.schema().as_ref())).collect();
    let context = BindContext { input: input.schema(), others: &schemas, seed: 0 };
    let Lowering::Stream(bound) = parsed.bind(&context).unwrap() else { unreachable!("the step streams") };
    let others = others.iter().map(|(_, frame)| (*frame).clone().into()).collect();
    bound.open(others, &Memory::unbounded()).unwrap()
}

fn run(operator: &dyn Operator, input: &DataFrame) {
    for at in (0..input.height()).step_by(BATCH) {
        let turn = operator.prepare(input.slice(at as i64, BATCH)).unwrap();
        black_box(turn().unwrap()().unwrap());
    }
    for then in operator.end().unwrap() {
        black_box(then.unwrap()().unwrap());
    }
}

fn steps(c: &mut Criterion) {
    let (lines, orders) = (lines(), orders());
    let mut group = c.benchmark_group("step");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    let cases = [
        ("deduplicate", "deduplicate: [order, line]"),
        ("join n-1", "join: {with: orders, on: order, expect: n-1}"),
        ("aggregate", "aggregate: {by: mode, measures: {rows: count(*), revenue: sum(price)}}"),
    ];
    for (name, step) in cases {
        let others: &[(&str, &DataFrame)] =
            if step.contains("orders") { &[("orders", &orders)] } else { &[] };
        group.bench_function(name, |b| {
            b.iter_batched(
                || open(step, &lines, others),
                |operator| run(&*operator, &lines),
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
