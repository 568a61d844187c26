//! Laws that hold for every rule of the catalogue, present and future.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "tests fail by panicking, compare exact figures, and share helpers"
)]

mod support;

use std::path::Path;

use arrow::array::RecordBatch;
use lockgate_rules::{RULES, RuleDef, Severity, Shape, State, Status, Suite, Verdict, check_schema};
use proptest::prelude::*;
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use support::{bind, check, judge_against, measured, rows, state};

fn params(def: &RuleDef) -> Value {
    serde_json::from_str(def.example.params).unwrap_or_else(|error| panic!("{}: {error}", def.name))
}

fn example_suite(def: &'static RuleDef, params: Value) -> (Suite, RecordBatch) {
    let batch = rows(def.example.rows());
    (bind(&[(def.name, params)], &batch.schema()), batch)
}

/// The verdicts on a state after what the example says was published before.
fn judge_after(def: &RuleDef, suite: &Suite, state: &State) -> Vec<Verdict> {
    let earlier: Vec<RecordBatch> = def.example.earlier().iter().map(|csv| rows(csv)).collect();
    judge_against(suite, state, &support::history(suite, &earlier))
}

/// What has to agree between two ways of measuring the same rows.
fn essence(verdicts: &[Verdict]) -> Vec<Value> {
    verdicts.iter().map(|verdict| serde_json::to_value(verdict).unwrap()).collect()
}

#[test]
fn every_file_of_a_dimension_is_registered_under_its_own_name() {
    let source = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("src");
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    // What else lies in a folder of its own is what rules are made of.
    let machinery = ["measure", "suite", "profile", "distance"];
    let mut files = Vec::new();
    for folder in names(&source).into_iter().filter(|name| !name.contains('.')) {
        if machinery.contains(&folder.as_str()) {
            continue;
        }
        for name in names(&source.join(&folder)) {
            if let Some(rule) = name.strip_suffix(".rs").filter(|stem| *stem != "mod") {
                files.push((folder.clone(), rule.to_owned()));
            }
        }
    }
    let mut registered: Vec<_> =
        RULES.iter().map(|def| (def.dimension.to_owned(), def.name.to_owned())).collect();
    files.sort();
    registered.sort();
    assert_eq!(files, registered);
}

#[test]
fn every_example_gives_the_result_it_states() {
    let mut wrong = Vec::new();
    for def in RULES {
        let (suite, batch) = example_suite(def, params(def));
        let verdicts = judge_after(def, &suite, &state(&suite, &[batch]));
        let [verdict] = verdicts.as_slice() else { panic!("{}: {} verdicts", def.name, verdicts.len()) };
        let found = (verdict.status.name(), verdict.observed_text.as_str());
        if found != (def.example.status, def.example.observed) {
            wrong.push(format!("{}: {found:?}", def.name));
        }
        assert!(def.example.yaml.starts_with(&format!("{}:", def.name)), "{}", def.name);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_definition_answers_null_and_empty() {
    for def in RULES {
        let definition = def.definition;
        assert!(definition.to_lowercase().contains("null"), "{}: null", def.name);
        assert!(definition.contains("skipped") || def.answers_empty, "{}: empty", def.name);
        assert!(def.summary.ends_with('.'), "{}", def.name);
    }
}

#[test]
fn every_rule_describes_its_parameters() {
    for def in RULES {
        let schema = check_schema(def, &mut SchemaGenerator::default()).to_value();
        let long = &schema["anyOf"][0]["properties"];
        assert!(long["severity"].is_object(), "{}: {schema}", def.name);
        // A dependency has a share of rows in which it holds without being about single rows.
        let has_share = def.row_rule() || def.name == "functional_dependency";
        assert_eq!(long["mostly"].is_null(), !has_share, "{}", def.name);
        for (name, property) in long.as_object().unwrap() {
            assert!(!property.is_null(), "{} {name}", def.name);
        }
    }
}

#[test]
fn nothing_evaluated_is_never_a_pass() {
    for def in RULES {
        let mut scoped = long_form(def, &params(def));
        scoped["where"] = json!("FALSE");
        // Files have no rows for a scope to choose among.
        let of_files = check(def.name, &params(def)).iter().any(|check| check.delivered().is_some());
        for params in [Some(params(def)), (!of_files).then_some(scoped)].into_iter().flatten() {
            let (suite, batch) = example_suite(def, params);
            for rows in [batch.slice(0, 0), batch] {
                let unscoped = suite.predicates().iter().all(|text| text != "FALSE");
                if unscoped && rows.num_rows() > 0 {
                    continue;
                }
                for verdict in judge_after(def, &suite, &state(&suite, &[rows])) {
                    let expected = if def.answers_empty { verdict.status } else { Status::Skipped };
                    assert_eq!(verdict.status, expected, "{}: {}", def.name, verdict.observed_text);
                    assert!(!verdict.closes_gate() || def.answers_empty);
                }
            }
            let (suite, _) = example_suite(def, self::params(def));
            for verdict in judge_after(def, &suite, &suite.start()) {
                assert!(verdict.status == Status::Skipped || def.answers_empty, "{}", def.name);
            }
        }
    }
}

/// Parameters under which everything passes that passed before.
fn loosened(def: &RuleDef, params: &Value) -> Value {
    let mut params = long_form(def, params);
    let map = params.as_object_mut().unwrap();
    match (def.shape, def.name) {
        (Shape::Row, _) => drop(map.insert("mostly".into(), json!(0.3))),
        (Shape::Scalar, "join_coverage") => drop(map.insert("min".into(), json!(0))),
        (Shape::Scalar, "row_count_match" | "aggregate_match") => {
            drop(map.insert("tolerance".into(), json!(100)));
        }
        (Shape::Scalar, "dataset_match") => drop(map.insert("max".into(), json!(100))),
        (Shape::Scalar, _) => {
            for (key, by) in [("min", -2.0), ("max", 2.0)] {
                if let Some(limit) = map.get(key).and_then(Value::as_f64) {
                    let loose = limit + by;
                    let loose =
                        if limit.fract() == 0.0 { json!(loose.max(0.0) as i64) } else { json!(loose) };
                    map.insert(key.into(), loose);
                }
            }
        }
        (Shape::Distance, "outliers") => drop(map.insert("max_ratio".into(), json!(1))),
        (Shape::Distance, _) => drop(map.insert("fail".into(), json!(1e9))),
        (Shape::Whole, "unique") => drop(map.insert("max".into(), json!(1000))),
        (Shape::Whole, "freshness") => drop(map.insert("max_age".into(), json!("5000w"))),
        (Shape::Whole, "distinct_values") => drop(map.insert("relation".into(), json!("subset"))),
        (Shape::Whole, "column_names") => drop(map.insert("max_length".into(), json!(1000))),
        (Shape::Whole, "schema" | "schema_match") => drop(map.insert("mode".into(), json!("contains"))),
        (Shape::Whole, "most_common_in_set") => drop(map.insert("ties_okay".into(), json!(true))),
        (Shape::Whole, "increasing" | "decreasing") => drop(map.insert("strict".into(), json!(false))),
        (Shape::Whole, "non_overlapping_ranges") => drop(map.insert("zero_length".into(), json!(true))),
        (Shape::Whole, "every_period") => drop(map.insert("min_records".into(), json!(1))),
        (Shape::Whole, "functional_dependency") => drop(map.insert("mostly".into(), json!(0.1))),
        // There is nothing to loosen, or no files.
        (Shape::Whole, "primary_key" | "constant" | "sequential" | "partition_complete" | "file_checks") => {}
        (Shape::Whole, other) => panic!("say how {other} is loosened"),
    }
    params
}

/// A mapping in place of a bare value.
fn long_form(def: &RuleDef, params: &Value) -> Value {
    match params {
        Value::Object(_) => params.clone(),
        bare => json!({def.short.unwrap_or("columns"): bare}),
    }
}

/// Rows of the example's columns drawn anew: values of the example and others of its type.
fn random_rows(def: &'static RuleDef) -> impl Strategy<Value = RecordBatch> {
    let header = def.example.rows().lines().next().unwrap().to_owned();
    let kinds: Vec<String> =
        header.split(',').map(|field| field.split_once(':').unwrap().1.to_owned()).collect();
    let fields: Vec<_> = kinds.into_iter().map(|kind| field(&kind)).collect();
    prop::collection::vec(fields, 0..60).prop_map(move |lines| {
        let lines: Vec<String> = lines.into_iter().map(|fields| fields.join(",")).collect();
        rows(&format!("{header}\n{}", lines.join("\n")))
    })
}

const IBAN: &str = "GB82WEST12345698765432";

fn field(kind: &str) -> BoxedStrategy<String> {
    let text = |values: &'static [&'static str]| prop::sample::select(values).prop_map(str::to_owned).boxed();
    match kind {
        "int64" => prop_oneof![
            4 => (0..5_i64).prop_map(|v| v.to_string()),
            1 => any::<i64>().prop_map(|v| v.to_string()),
            1 => Just(String::new()),
        ]
        .boxed(),
        "float64" => prop_oneof![
            4 => (0..20_i32).prop_map(|v| (f64::from(v) / 4.0).to_string()),
            2 => (-1e12..1e12_f64).prop_map(|v| v.to_string()),
            1 => prop::sample::select(vec!["", "-0", "1e-300", "1e15", "NaN", "inf"]).prop_map(str::to_owned),
        ]
        .boxed(),
        "date" => text(&["2024-01-01", "2023-12-31", "2024-02-29", ""]),
        "timestamp" => {
            text(&["2024-01-01T00:00:00", "2023-05-05T12:00:00.000001", "2024-01-02T23:59:59", ""])
        }
        _ => text(&["AIR", "RAIL", "Bern", "AB1", "ab1", "N/A", "  ", "12.50", "1e2", "Zürich", IBAN, ""]),
    }
}

fn split(batch: &RecordBatch, cuts: &[usize]) -> Vec<RecordBatch> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (batch.num_rows() + 1)).collect();
    cuts.extend([0, batch.num_rows()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| batch.slice(pair[0], pair[1] - pair[0])).collect()
}

fn reread(state: &State) -> State {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

fn holds_for(
    def: &'static RuleDef,
    cases: u32,
    law: impl Fn(RecordBatch, Vec<usize>) -> Result<(), TestCaseError>,
) {
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let strategy = (random_rows(def), prop::collection::vec(0..60_usize, 0..5));
    let result = runner.run(&strategy, |(batch, cuts)| law(batch, cuts));
    result.unwrap_or_else(|failure| panic!("{}: {failure}", def.name));
}

#[test]
fn the_whole_is_the_merge_of_its_parts() {
    for def in RULES {
        holds_for(def, 48, |batch, cuts| {
            let suite = bind(&[(def.name, params(def))], &batch.schema());
            let whole = judge_after(def, &suite, &state(&suite, std::slice::from_ref(&batch)));
            let parts = split(&batch, &cuts);
            prop_assert_eq!(essence(&whole), essence(&judge_after(def, &suite, &state(&suite, &parts))));
            // States merge as parts do, in any bracketing.
            let (front, back) = parts.split_at(parts.len() / 2);
            let mut both = state(&suite, front);
            both.append(state(&suite, back)).unwrap();
            prop_assert_eq!(essence(&whole), essence(&judge_after(def, &suite, &both)));
            Ok(())
        });
    }
}

#[test]
fn a_state_survives_serialisation_midway() {
    for def in RULES {
        holds_for(def, 32, |batch, cuts| {
            let suite = bind(&[(def.name, params(def))], &batch.schema());
            let whole = judge_after(def, &suite, &state(&suite, std::slice::from_ref(&batch)));
            let mut stored = suite.start();
            for part in split(&batch, &cuts) {
                stored = reread(&stored);
                stored.merge(measured(&suite, &part).part).unwrap();
            }
            prop_assert_eq!(essence(&whole), essence(&judge_after(def, &suite, &reread(&stored))));
            Ok(())
        });
    }
}

#[test]
fn loosening_a_bound_never_turns_a_pass_into_a_failure() {
    for def in RULES {
        holds_for(def, 64, |batch, _| {
            let tight = params(def);
            let loose = loosened(def, &tight);
            let suite = bind(&[(def.name, tight), (def.name, loose)], &batch.schema());
            let verdicts = judge_after(def, &suite, &state(&suite, std::slice::from_ref(&batch)));
            if verdicts[0].status == Status::Pass {
                prop_assert_eq!(verdicts[1].status, Status::Pass);
            }
            prop_assert_eq!(verdicts[0].status == Status::Skipped, verdicts[1].status == Status::Skipped);
            Ok(())
        });
    }
}

/// A value of each type that is found again wherever it is shown, with what to look for.
const SECRETS: [(&str, [&str; 2], &str); 5] = [
    ("utf8", ["hush-hush", "Hush-Hush"], "ush-"),
    ("int64", ["-987654321", "987654321"], "987654"),
    ("float64", ["-987654.375", "987654.375"], "987654"),
    ("date", ["1931-07-19", "2091-07-19"], "1-07"),
    ("timestamp", ["1931-07-19T11:13:17", "2091-07-19T11:13:17"], "1-07"),
];

/// Rows with secrets in every column before, between and after them.
fn with_secrets(csv: &str) -> RecordBatch {
    let (header, body) = csv.split_once('\n').unwrap();
    let secret = |which: usize| {
        let of_type = |field: &str| {
            let kind = field.split_once(':').unwrap().1;
            SECRETS.iter().find(|(known, ..)| *known == kind).unwrap().1[which]
        };
        header.split(',').map(of_type).collect::<Vec<_>>().join(",")
    };
    let (low, high) = (secret(0), secret(1));
    rows(&format!("{header}\n{high}\n{low}\n{body}{high}\n{high}\n{low}\n"))
}

#[test]
fn a_redacted_value_is_nowhere_in_a_verdict() {
    for def in RULES {
        let csv = def.example.rows();
        let batch = with_secrets(csv);
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let earlier: Vec<RecordBatch> = def.example.earlier().iter().map(|csv| with_secrets(csv)).collect();
        let mut redacting = long_form(def, &params(def));
        redacting["samples"] = json!({"redact": names});
        let mut grouped = redacting.clone();
        grouped["group_by"] = json!([names[0]]);
        for params in
            [Some(redacting), lockgate_rules::Check::parse(def.name, &grouped).ok().map(|_| grouped)]
        {
            let Some(params) = params else { continue };
            let bound = support::try_bind(&[(def.name, params.clone())], &batch.schema());
            // What follows the history of all rows has no groups.
            let Ok(suite) = bound else { continue };
            let state = state(&suite, &split(&batch, &[2, 3]));
            let verdict = judge_against(&suite, &state, &support::history(&suite, &earlier)).remove(0);
            assert_ne!(verdict.status, Status::Error, "{}: {}", def.name, verdict.observed_text);
            let shown = serde_json::to_string(&verdict).unwrap().replace(',', "");
            for (.., secret) in SECRETS {
                assert!(!shown.contains(secret), "{} {params}: {shown}", def.name);
            }
        }
    }
}

#[test]
fn severity_alone_decides_whether_a_failure_closes_the_gate() {
    for def in RULES.iter().filter(|def| def.example.status == "fail") {
        let mut params = long_form(def, &params(def));
        for (severity, closes) in [("log", false), ("alert", false), ("stop", true)] {
            params["severity"] = json!(severity);
            let (suite, batch) = example_suite(def, params.clone());
            let verdicts = judge_after(def, &suite, &state(&suite, &[batch]));
            assert_eq!(verdicts[0].status, Status::Fail, "{}", def.name);
            assert_eq!(verdicts[0].closes_gate(), closes, "{}", def.name);
            assert_eq!(verdicts[0].alerts(), verdicts[0].severity == Severity::Alert, "{}", def.name);
        }
    }
}
