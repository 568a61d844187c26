//! Every rule beside rows that it passes, warns of, fails, skips, refuses and errs on.
//!
//! Rows are written in a line: a blank ends one, `null` is a row of a null, `a*3` are three rows, `1..9` are
//! nine. After `after` come rows that were published before, oldest first. `files` are those that rows came
//! from, as the day of their partition and their bytes. `lost` are rows whose keys are put away and cannot be
//! read again. The other dataset is of four cities: Bern, one without a name, Basel and Zürich.

mod refused;
mod shown;

use std::io;
use std::sync::Arc;

use arrow::array::RecordBatch;
use lockgate_rules::Status::{Error, Fail, Pass, Skipped, Warn};
use lockgate_rules::{
    AnsweredFrom, Check, Delivery, JudgeContext, Proofs, RULES, Room, RuleDef, Shape, Status, Suite, Verdict,
};
use serde_json::Value;

use self::refused::REFUSED;
use self::shown::SHOWN;
use crate::support::{history, measured, now, references, rows};

/// Why a rule has a status for no rows, or for more than can be shown in a line.
fn not_shown(def: &RuleDef, status: Status) -> Option<&'static str> {
    const UNDEFINED: &str = "a figure that is not defined fails, or is skipped";
    let is_made_of_rules = def.dimension == "logic";
    let why = match (status, def.name) {
        (Warn, _) if def.shape == Shape::Whole => "it has no milder threshold",
        (Skipped, "row_count" | "row_count_match") => "no rows are a number of rows",
        (Skipped, "schema" | "schema_match" | "column_names") => "there are columns where there are no rows",
        (Error, "casing") => return None,
        (Error, _) if def.shape == Shape::Row && !is_made_of_rules => {
            "each row passes, fails, or is left out"
        }
        (Error, "constant" | "almost_constant" | "most_common_in_set" | "entropy" | "domain_mass") => {
            "it takes 4,194,305 distinct values: `frequencies.rs`"
        }
        (Error, "increasing" | "decreasing" | "non_overlapping_ranges") => {
            "it takes 10,000,001 rows: `order.rs`"
        }
        (Error, "sequential") => "it takes 1,000,001 stretches without a gap: `measure/runs.rs`",
        (Error, "dataset_match" | "join_coverage") => "it takes 20,000,001 rows in the other dataset",
        (Error, "chi_square") => return None,
        (Error, "psi" | "fits_distribution") => UNDEFINED,
        (Error, _) if def.dimension == "drift" => UNDEFINED,
        (Error, "row_count" | "row_count_match" | "file_checks" | "distinct_values" | "correlation") => {
            "what it keeps does not grow with the rows"
        }
        (Error, "schema" | "schema_match" | "column_names") => "it asks for no rows",
        _ => return None,
    };
    Some(why)
}

/// The rows of a line, as CSV without a header.
fn lines(line: &str) -> String {
    let mut csv = String::new();
    for word in line.split_whitespace() {
        let (row, times) = word.split_once('*').unwrap_or((word, "1"));
        let row = if row == "null" { "" } else { row };
        let (fields, last) = row.split_at(row.rfind(',').map_or(0, |comma| comma + 1));
        if let Some((from, to)) = last.split_once("..") {
            let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
            (from..=to).for_each(|at| csv += &format!("{fields}{at}\n"));
        } else {
            csv += &format!("{row}\n").repeat(times.parse().unwrap());
        }
    }
    csv
}

/// The files that rows came from, each the day of its partition and its bytes.
fn delivery(files: &str) -> Delivery {
    let files = files.split_whitespace().map(|file| file.split_once('/').unwrap());
    let (days, sizes): (Vec<&str>, Vec<u64>) =
        files.map(|(day, size)| (day, size.parse::<u64>().unwrap())).unzip();
    let days = days.into_iter().map(|day| Some(day.to_owned())).collect();
    let partitions = [("day".to_owned(), days)].into_iter().collect();
    Delivery { files: sizes.len() as u64, sizes, partitions, ..Delivery::default() }
}

/// No room for keys, which are lost besides.
#[derive(Debug)]
struct Lossy;

impl Room for Lossy {
    fn is_full(&self, _: u64) -> bool {
        true
    }

    fn put(&self, _: &[u8]) -> io::Result<u64> {
        Ok(0)
    }

    fn get(&self, _: u64, _: usize) -> io::Result<Vec<u8>> {
        Err(io::Error::other("lost"))
    }
}

/// What a check makes of the rows of a line.
fn verdict((rule, params, header): (&str, &str, &str), line: &str) -> Verdict {
    let params: Value =
        serde_json::from_str(params).unwrap_or_else(|error| panic!("{rule} {params}: {error}"));
    let checks = Check::parse(rule, &params).unwrap_or_else(|error| panic!("{rule} {params}: {error}"));
    let others = references(&checks);
    let batch = |line: &str| rows(&format!("{header}\n{}", lines(line)));
    let suite = Suite::bind(checks, &batch("").schema(), others)
        .unwrap_or_else(|errors| panic!("{rule} {params}: {errors:?}"));
    let (files, line) = line.strip_prefix("files ").map_or((None, line), |files| (Some(files), ""));
    let (lost, line) = line.strip_prefix("lost ").map_or((false, line), |line| (true, line));
    let mut parts = line.split("after");
    let now_batch: RecordBatch = batch(parts.next().unwrap());
    let earlier: Vec<RecordBatch> = parts.map(batch).collect();
    let mut state = if lost { suite.start().within(Arc::new(Lossy)) } else { suite.start() };
    state.merge(measured(&suite, &now_batch).part).unwrap();
    let proofs = Proofs { delivery: files.map(delivery), ..Proofs::default() };
    let history = &history(&suite, &earlier);
    let context = JudgeContext { now: now(), proofs: &proofs, source: AnsweredFrom::Scan, history };
    suite.judge(&state, &context).remove(0)
}

#[test]
fn each_line_has_the_status_it_is_shown_with() {
    let mut wrong = Vec::new();
    for (rule, params, header, shown) in SHOWN {
        for (status, line) in *shown {
            let found = verdict((rule, params, header), line);
            if found.status != *status {
                let text = &found.observed_text;
                wrong.push(format!(
                    "{rule} {line:?}: {}, not {}: {text}",
                    found.status.name(),
                    status.name()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let mut wrong = Vec::new();
    for (rule, params, header, words) in REFUSED {
        let params: Value = serde_json::from_str(params).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let bound = Check::parse(rule, &params).map_err(|error| error.message).and_then(|checks| {
            let others = references(&checks);
            let bound = Suite::bind(checks, &rows(&format!("{header}\n")).schema(), others);
            bound.map_err(|errors| errors[0].message.clone())
        });
        match bound {
            Err(message) if message.starts_with(words) => {}
            Err(message) => wrong.push(format!("{rule} {params}: {message}")),
            Ok(_) => wrong.push(format!("{rule} {params} is taken")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_is_shown_with_every_status_it_has() {
    let mut wrong = Vec::new();
    for def in RULES {
        let of_rule = SHOWN.iter().filter(|(rule, ..)| *rule == def.name);
        let shown: Vec<Status> = of_rule.flat_map(|(.., shown)| *shown).map(|(status, _)| *status).collect();
        for status in [Pass, Warn, Fail, Skipped, Error] {
            match (shown.contains(&status), not_shown(def, status)) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(why)) => {
                    wrong.push(format!("{} has {} after all: {why}", def.name, status.name()));
                }
                (false, None) => wrong.push(format!("{} is not shown with {}", def.name, status.name())),
            }
        }
        if !REFUSED.iter().any(|(rule, ..)| *rule == def.name) {
            wrong.push(format!("{} is never refused", def.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
