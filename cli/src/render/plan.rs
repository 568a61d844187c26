//! What a run would do: what it reads, how each step runs, what answers each check, what it writes.

use lockgate_engine::Explanation;
use lockgate_engine::plan::{CheckPlan, Column as DataColumn, OutputPlan, Runs, SourcePlan, TablePlan};

use super::escape::escape;
use super::figures::{bytes, count, things};
use super::grid::{Column, Grid, cell, styled};
use super::paint::{ALERT, FAINT, PLAIN, STRONG, paint};
use super::summary::{answered_from, differences, section};

/// The plan within `width` columns.
pub(crate) fn plan(plan: &Explanation, width: usize) -> String {
    let inner = width - 2;
    let sections = [
        section("sources", &sources(&plan.sources, inner)),
        section("tables", &tables(&plan.tables, inner)),
        section("checks", &checks(&plan.checks, inner)),
        section("outputs", &outputs(&plan.tables, inner)),
    ];
    let time = plan.run_time.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let first = format!("{}  {}\n", paint(STRONG, "PLAN"), paint(STRONG, &escape(&plan.pipeline)));
    first + &paint(FAINT, &format!("run time {time}")) + "\n" + &sections.concat()
}

fn sources(sources: &[SourcePlan], width: usize) -> String {
    let mut grid = Grid::new(&[Column::Left, Column::Right, Column::Right, Column::Right, Column::Words]);
    for source in sources {
        grid.row([
            styled(STRONG, escape(&source.source)),
            cell(source.rows.map(|rows| things(rows, "row", "rows")).unwrap_or_default()),
            cell(bytes(source.bytes)),
            cell(things(source.files as u64, "file", "files")),
            styled(FAINT, escape(&source.location)),
        ]);
        if let Some(partitions) = partitions(&source.partitions) {
            grid.line(2, cell(partitions));
        }
        for difference in differences(&source.schema_differences) {
            grid.line(2, styled(ALERT, difference));
        }
        grid.line(2, styled(FAINT, columns(&source.columns)));
        if source.columns_read.len() < source.columns.len() {
            grid.line(2, cell(columns_read(source)));
        }
    }
    grid.render(width)
}

/// Which columns are read, where not all are.
fn columns_read(source: &SourcePlan) -> String {
    let (read, all) = (&source.columns_read, source.columns.len());
    let names: Vec<_> = read.iter().map(|name| escape(name).into_owned()).collect();
    match names.as_slice() {
        [] => format!("reads none of {all} columns"),
        names => format!("reads {} of {all} columns: {}", names.len(), names.join(", ")),
    }
}

/// The partitions, or the first and last of many.
fn partitions(partitions: &[String]) -> Option<String> {
    match partitions {
        [] => None,
        [only] => Some(escape(only).into_owned()),
        [first, .., last] => {
            let number = count(partitions.len() as u64);
            Some(format!("{number} partitions, {} to {}", escape(first), escape(last)))
        }
    }
}

fn columns(columns: &[DataColumn]) -> String {
    let one = |column: &DataColumn| escape(&format!("{} {}", column.name, column.data_type)).into_owned();
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn tables(tables: &[TablePlan], width: usize) -> String {
    let mut grid = Grid::new(&[Column::Left, Column::Words]);
    for table in tables {
        grid.row([styled(STRONG, escape(&table.table)), cell(format!("from {}", escape(&table.from)))]);
        for step in &table.steps {
            let (style, runs) = match step.runs {
                Runs::Rows => (FAINT, "row by row"),
                Runs::Stream => (PLAIN, "over the stream, with state"),
                Runs::Whole => (ALERT, "over all rows at once"),
            };
            grid.row([cell(format!("  {}", escape(&step.step))), styled(style, runs)]);
        }
        grid.line(2, styled(FAINT, columns(&table.columns)));
    }
    grid.render(width)
}

fn checks(checks: &[CheckPlan], width: usize) -> String {
    let mut grid = Grid::new(&[Column::Words, Column::Words, Column::Left, Column::Left]);
    let mut on = None;
    for check in checks {
        if on.replace(&check.on) != Some(&check.on) {
            grid.line(0, styled(STRONG, escape(&check.on)));
        }
        let from = match answered_from(check.answered_from) {
            "" => "from rows",
            shortcut => shortcut,
        };
        grid.row([
            cell(format!("  {}", escape(&check.id))),
            cell(escape(&check.expected)),
            cell(format!("{:?}", check.severity).to_lowercase()),
            styled(FAINT, from),
        ]);
    }
    grid.render(width)
}

fn outputs(tables: &[TablePlan], width: usize) -> String {
    let mut grid = Grid::new(&[Column::Left, Column::Left, Column::Left, Column::Words]);
    for table in tables {
        if let Some(OutputPlan { location, mode, partition_by }) = &table.output {
            grid.row([
                cell(escape(&table.table)),
                cell(escape(mode)),
                cell(format!("by {}", escape(partition_by))),
                styled(STRONG, escape(location)),
            ]);
        }
        if let Some(location) = &table.quarantine {
            let name = format!("{} quarantine", escape(&table.table));
            grid.row([cell(name), cell(""), cell(""), cell(escape(location))]);
        }
    }
    grid.render(width)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use lockgate_engine::plan::StepExplained;
    use lockgate_rules::{AnsweredFrom, Severity};

    use super::*;

    fn column(name: &str, data_type: &str) -> DataColumn {
        DataColumn { name: name.into(), data_type: data_type.into() }
    }

    fn check(on: &str, id: &str, severity: Severity, answered_from: AnsweredFrom) -> CheckPlan {
        CheckPlan {
            on: on.into(),
            id: id.into(),
            rule: id.into(),
            columns: Vec::new(),
            severity,
            expected: "at least 1 row".into(),
            answered_from,
        }
    }

    fn explained() -> Explanation {
        let step = |step: &str, runs| StepExplained { step: step.into(), runs };
        Explanation {
            pipeline: "orders".into(),
            run_time: DateTime::UNIX_EPOCH,
            sources: vec![SourcePlan {
                source: "orders".into(),
                location: "s3://lake/staging/raw_orders/".into(),
                files: 12,
                bytes: 5_213_000,
                rows: Some(336_776),
                partitions: (1..=12).map(|month| format!("created_at=2013-{month:02}-01")).collect(),
                columns: vec![column("order_id", "int64"), column("ship_mode", "string")],

                columns_read: vec!["order_id".into()],
                schema_differences: Vec::new(),
            }],
            tables: vec![TablePlan {
                table: "orders_clean".into(),
                from: "orders".into(),
                steps: vec![
                    step("trim", Runs::Rows),
                    step("deduplicate", Runs::Stream),
                    step("sort", Runs::Whole),
                ],
                columns: vec![column("order_id", "int64")],
                output: Some(OutputPlan {
                    location: "out/orders_clean/".into(),
                    mode: "replace".into(),
                    partition_by: "created_at".into(),
                }),
                quarantine: Some("out/quarantine/orders_clean/".into()),
            }],
            checks: vec![
                check("orders", "row_count", Severity::Stop, AnsweredFrom::Footer),
                check("orders_clean", "unique(order_id)", Severity::Alert, AnsweredFrom::Scan),
            ],
        }
    }

    #[test]
    fn a_plan_tells_how_everything_would_run() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&plan(&explained(), 100)).to_string());
    }
}
