//! What becomes of files of other tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_engine::{Kind, Pipeline, Place};
use serde_json::{Value, json};

use super::*;

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/import");
    let files = |folder: PathBuf| {
        let entries = std::fs::read_dir(&folder).expect("the folder is there");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let tools = files(folder).into_iter().filter(|path| path.is_dir());
    let mut all: Vec<PathBuf> = tools.flat_map(files).collect();
    all.sort();
    all
}

fn text_of(path: &Path) -> SourceText {
    let name = path.file_name().expect("a name").to_string_lossy();
    SourceText::new(&name, &std::fs::read_to_string(path).expect("a fixture"))
}

fn given(text: &str) -> Imported {
    import(&SourceText::new("given", text), None, None).expect(text)
}

/// The checks as rule and parameters.
fn carried(imported: &Imported) -> Vec<Value> {
    imported.carried().map(|check| json!({ check.rule: check.params })).collect()
}

fn reasons(imported: &Imported) -> Vec<&str> {
    imported.refused.iter().map(|refused| refused.why.as_str()).collect()
}

fn load(pipeline: &str) -> Pipeline {
    let text = SourceText::new("pipeline.yaml", pipeline);
    Pipeline::load(text, &[], &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors:?}\n{pipeline}"))
}

#[test]
fn every_fixture_becomes_what_it_became() {
    for path in fixtures() {
        let text = text_of(&path);
        let imported =
            import(&text, None, None).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let shown = format!(
            "{}---\n{}",
            pipeline(&imported, &text.name),
            anstream::adapter::strip_str(&crate::render::imported(&imported, &text.name))
        );
        let tool = path.parent().and_then(Path::file_name).expect("a folder").to_string_lossy();
        let stem = text.name.split('.').next().unwrap_or_default();
        insta::assert_snapshot!(format!("{tool}_{stem}"), shown);
    }
}

#[test]
fn the_folder_of_a_fixture_is_its_tool() {
    for path in fixtures() {
        let tool = import(&text_of(&path), None, None).expect("a fixture").tool;
        let folder =
            path.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
        assert_eq!(serde_json::to_value(tool).expect("a name"), json!(folder), "{}", path.display());
    }
}

#[test]
fn what_is_written_is_a_pipeline_with_the_same_checks() {
    for path in fixtures() {
        let text = text_of(&path);
        let imported = import(&text, None, None).expect("a fixture");
        if imported.needed().is_empty() {
            continue;
        }
        let loaded = load(&pipeline(&imported, &text.name));
        let mut written = imported.carried();
        for spec in loaded.sources.iter().flat_map(|(_, source)| &source.checks) {
            let check = written.next().expect("as many checks are written as are read");
            assert_eq!(spec.rule.value, check.rule);
            let params = Value::Object(check.params.clone());
            let read = spec.params.to_json();
            let short = ["column", "columns"].iter().any(|key| params.get(key) == Some(&read));
            assert!(read == params || short, "{read} is not {params}");
        }
        assert!(written.next().is_none());
        assert!(loaded.warnings.is_empty());
    }
}

#[test]
fn every_check_is_either_carried_over_or_refused() {
    let imported = given(
        "models:\n- name: m\n  columns:\n  - name: a\n    tests: [unique, not_null, mine, {odd: {}}, 7, {}, null]\n",
    );
    assert_eq!((imported.carried().count(), imported.refused.len()), (2, 5));
}

#[test]
fn the_tool_is_told_by_the_content() {
    let cases = [
        ("kind: DataContract\napiVersion: v3.0.2", Ok(Tool::Odcs)),
        ("version: 2\nseeds: []", Ok(Tool::Dbt)),
        ("{\"expectations\": []}", Ok(Tool::Gx)),
        ("checks for a: []", Ok(Tool::Soda)),
        ("dataset: a/b\nchecks: []", Ok(Tool::Soda)),
        ("models: []\nexpectations: []", Err("the file could be of dbt or Great Expectations")),
        ("pipeline: x", Err("nothing in the file tells which tool it belongs to")),
        ("[1]", Err("the file is not a mapping")),
        ("", Err("the file is not a mapping")),
        ("dataContractSpecification: 1.1.0", Err("the Data Contract Specification is not read")),
    ];
    for (text, expected) in cases {
        let found = import(&SourceText::new("x", text), None, None);
        let found = found.map(|imported| imported.tool).map_err(|error| {
            assert!(error.cure().is_some(), "{text}");
            error.message().to_owned()
        });
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_wrong_at_its_place() {
    let deep = format!("models: {}{}", "[".repeat(100), "]".repeat(100));
    let bomb = "a: &a [1,2,3,4,5,6,7,8,9]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n\
                f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nmodels: [*f]\n";
    let cases = [
        ("models:\n  - name: a\n   b: 1\n", 3),
        ("models:\n\t- name: a\n", 2),
        ("models: [*nothing]\n", 1),
        ("models: []\nmodels: []\n", 2),
        ("{\"expectations\": [\n  {\"type\": }\n", 1),
        ("models: [!!python/object:os.system x]\n", 1),
        ("a: 1\n---\nmodels: []\n", 3),
        ("models:\n  - <<: 5\n", 2),
        (deep.as_str(), 1),
        (bomb, 6),
    ];
    for (text, line) in cases {
        let error = import(&SourceText::new("x", text), None, None).err().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(error.kind(), Kind::Wrong, "{text}");
        let found = match error.place() {
            Some(Place::Spec(span)) => span.line,
            other => panic!("{text}: {other:?}"),
        };
        assert!(found >= line, "{text}: {error} at {found}");
    }
}

#[test]
fn wrong_types_refuse_the_check_and_no_other() {
    let imported = given(
        "expectations:\n\
         - {type: expect_column_values_to_be_in_set, kwargs: {column: a, value_set: 5}}\n\
         - {type: expect_column_values_to_be_in_set, kwargs: {column: a, value_set: []}}\n\
         - {type: expect_column_values_to_be_in_set, kwargs: {column: [a], value_set: [1]}}\n\
         - {type: expect_column_values_to_be_in_set, kwargs: [1]}\n\
         - {type: expect_column_values_to_be_in_set, kwargs: {column: a, value_set: [{b: 1}]}}\n\
         - {type: expect_column_values_to_be_between, kwargs: {column: a, min_value: 2, max_value: 1}}\n\
         - {type: expect_column_values_to_be_between, kwargs: {column: a}}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: a, mostly: 2}}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: a, mostly: lots}}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: a, new_option: 1}}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: 'a*'}}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: a}, severity: dire}\n\
         - {type: expect_column_values_to_not_be_null, kwargs: {column: a}}\n",
    );
    assert_eq!(carried(&imported), [json!({"not_null": {"column": "a"}})]);
    assert_eq!(imported.refused.len(), 12);
    insta::assert_snapshot!(reasons(&imported).join("\n"));
}

#[test]
fn a_pattern_that_rust_cannot_read_is_refused_with_the_reason() {
    for pattern in [r"^(?!x)", r"(?<=a)b", r"(a)\1", r"[a", r"a{99999}{99999}", r"\p{Nonsense}", r"a++"] {
        let suite = json!({"expectations": [{
            "type": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": pattern},
        }]});
        let imported = given(&suite.to_string());
        assert!(carried(&imported).is_empty(), "{pattern}");
        assert!(imported.refused[0].why.contains("pattern"), "{}", imported.refused[0].why);
    }
}

#[test]
fn names_and_values_of_any_script_come_through() {
    let strange = [
        "Größe \"cm\"",
        "名前",
        "a: b",
        "- x",
        "#no",
        "${HOME}",
        "yes",
        "1e5",
        ".5",
        "'",
        "a\u{85}b",
        "\u{feff}",
        " ",
    ];
    let suite = json!({"expectations": strange.iter().map(|name| json!({
        "type": "expect_column_values_to_be_in_set", "kwargs": {"column": name, "value_set": [name, 1, true, 0.1]},
    })).collect::<Vec<_>>()});
    let imported = given(&suite.to_string());
    let loaded = load(&pipeline(&imported, "suite\u{2028}- x: y"));
    let checks = &loaded.sources[0].1.checks;
    for (name, spec) in strange.iter().zip(checks) {
        let expected = json!({"column": name, "values": [name, 1, true, 0.1]});
        assert_eq!(spec.params.to_json(), expected);
    }
    assert_eq!(checks.len(), strange.len());
}

#[test]
fn text_that_tries_to_be_yaml_stays_a_comment() {
    let imported = given(
        "models:\n- name: m\n  columns:\n  - name: a\n    tests: [\"x\\nevil:\\n  - 1\", {not_null: {name: \"b\\nc: d\"}}]\n",
    );
    let written = pipeline(&imported, "a\nevil: 1");
    assert!(written.lines().all(|line| !line.starts_with("evil") && !line.trim_start().starts_with("c:")));
    load(&written);
}

#[test]
fn merge_keys_are_read_and_what_stands_beside_them_wins() {
    let imported = given(
        "x: &x {min_value: 0, max_value: 1}\ny: &y {max_value: 9, inclusive: false}\nmodels:\n- name: m\n  columns:\n  \
         - name: a\n    tests:\n    - dbt_utils.accepted_range: {<<: [*x, *y], max_value: 5}\n",
    );
    assert_eq!(
        carried(&imported),
        [json!({"between": {"column": "a", "min": 0, "max": 5, "strict_min": true, "strict_max": true}})]
    );
}

#[test]
fn one_dataset_is_renamed_and_of_several_one_is_chosen() {
    let of = |text: &str, name: &str| {
        let text = SourceText::new("x", text);
        let imported = import(&text, None, Some(name))?;
        Ok(imported.needed().iter().map(|dataset| dataset.name.clone()).collect::<Vec<_>>())
    };
    let suite =
        "{\"expectations\": [{\"type\": \"expect_table_row_count_to_equal\", \"kwargs\": {\"value\": 1}}]}";
    assert_eq!(of(suite, "my.table").expect("one"), ["my_table"]);
    let two = "checks for a:\n- row_count > 0\n- values in (x) must exist in c (x)\nchecks for b:\n- row_count > 0\n";
    assert_eq!(of(two, "a").expect("the first"), ["a", "c"]);
    let error: Error = of(two, "d").expect_err("there is none");
    assert!(error.cure().is_some_and(|cure| cure.contains('a') && cure.contains('b')));
}

#[test]
fn datasets_whose_names_become_the_same_stay_apart() {
    let imported = given("checks for a.b:\n- row_count > 0\nchecks for a_b:\n- row_count > 1\n");
    let names: Vec<&str> = imported.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(names, ["a_b", "a_b_2"]);
}

#[test]
fn a_line_is_where_the_check_stands() {
    let imported = given(
        "models:\n- name: m\n  columns:\n  - name: a\n    tests:\n    - unique\n    - not_null:\n        where: b\n",
    );
    assert_eq!(imported.carried().map(|check| check.line).collect::<Vec<_>>(), [6, 7]);
}

/// Soda's comparisons, as limits on a count and on a figure.
#[test]
fn comparisons_of_soda_keep_their_limits() {
    let cases = [
        ("row_count > 0", json!({"row_count": {"min": 1}})),
        ("row_count >= 1.5", json!({"row_count": {"min": 2}})),
        ("row_count < 10", json!({"row_count": {"max": 9}})),
        ("row_count != 0", json!({"row_count": {"min": 1}})),
        ("row_count = 5", json!({"row_count": {"min": 5, "max": 5}})),
        ("row_count between 5 and 10", json!({"row_count": {"min": 5, "max": 10}})),
        ("row_count between (5 and 10)", json!({"row_count": {"min": 6, "max": 9}})),
        ("missing_count(a) = 0", json!({"not_null": {"column": "a"}})),
        ("missing_count(a) < 1", json!({"not_null": {"column": "a"}})),
        ("missing_count(\"a\") <= 3", json!({"row_count": {"where": "\"a\" IS NULL", "max": 3}})),
        (
            "missing_count(a) between 1 and 3",
            json!({"row_count": {"where": "\"a\" IS NULL", "min": 1, "max": 3}}),
        ),
        ("missing_percent(a) <= 5%", json!({"not_null": {"column": "a", "mostly": 0.95}})),
        ("missing_percent(a) <= 0.1", json!({"not_null": {"column": "a", "mostly": 0.999}})),
        ("missing_percent(a) = 0", json!({"not_null": {"column": "a"}})),
        ("duplicate_count(a) <= 2", json!({"unique": {"columns": ["a"], "count": "dup_groups", "max": 2}})),
        ("max(a) <= 5", json!({"statistic": {"column": "a", "fn": "max", "max": 5}})),
        ("min(a) >= -5", json!({"statistic": {"column": "a", "fn": "min", "min": -5}})),
        ("freshness(a) < 90m", json!({"freshness": {"column": "a", "max_age": "90m"}})),
        ("freshness(a) < 2d", json!({"freshness": {"column": "a", "max_age": "2d"}})),
    ];
    for (check, expected) in cases {
        let imported = given(&format!("checks for t:\n- '{check}'\n"));
        assert_eq!(carried(&imported), [expected], "{check}: {:?}", reasons(&imported));
        assert!(imported.carried().all(|check| check.differs.is_empty()), "{check}");
    }
}

#[test]
fn a_share_below_one_per_cent_is_not_none() {
    let quality = |metric: &str| {
        let text = format!(
            "kind: DataContract\nschema:\n- name: t\n  properties:\n  - name: a\n    quality:\n    - {{metric: {metric}, mustBeLessThan: 1, unit: percent}}\n"
        );
        let imported = given(&text);
        (carried(&imported).split_off(1), imported.refused.len())
    };
    assert_eq!(quality("duplicateValues"), (vec![], 1));
    assert_eq!(quality("nullValues"), (vec![json!({"not_null": {"column": "a", "mostly": 0.99}})], 0));
}

#[test]
fn a_limit_that_cannot_be_kept_is_named() {
    for check in ["missing_percent(a) < 5", "avg(a) > 3"] {
        let imported = given(&format!("checks for t:\n- {check}\n"));
        assert!(imported.carried().all(|check| !check.differs.is_empty()), "{check}");
    }
    for check in [
        "row_count != 5",
        "row_count not between 1 and 3",
        "missing_percent(a) > 5",
        "missing_percent(a) between 1 and 2",
        "row_count >= 0",
        "row_count < 0",
        "avg(a) != 3",
        "missing_percent(a) < 200",
        "freshness(a) > 1d",
        "row_count",
        "row_count > x",
        "",
        "avg",
        "min_length(a) < 3",
    ] {
        let imported = given(&format!("checks for t:\n- '{check}'\n"));
        assert_eq!((imported.carried().count(), imported.refused.len()), (0, 1), "{check}");
    }
}

/// dbt's failures are counted as dbt counts them, or the test is refused.
#[test]
fn thresholds_of_dbt_are_kept_or_refused() {
    let cases = [
        ("not_null", "{}", vec![json!({"not_null": {"column": "a"}})]),
        ("not_null", "{severity: warn}", vec![json!({"not_null": {"column": "a", "severity": "alert"}})]),
        ("not_null", "{error_if: '!= 0'}", vec![json!({"not_null": {"column": "a"}})]),
        ("not_null", "{warn_if: '>5'}", vec![json!({"not_null": {"column": "a"}})]),
        (
            "not_null",
            "{error_if: '>5'}",
            vec![
                json!({"row_count": {"where": "\"a\" IS NULL", "max": 5}}),
                json!({"not_null": {"column": "a", "severity": "alert"}}),
            ],
        ),
        (
            "not_null",
            "{severity: warn, warn_if: '>=5', where: b}",
            vec![json!({"row_count": {"where": "(\"a\" IS NULL) AND (b)", "max": 4, "severity": "alert"}})],
        ),
        (
            "unique",
            "{error_if: '>5', warn_if: '>1'}",
            vec![
                json!({"unique": {"column": "a", "count": "dup_groups", "max": 5}}),
                json!({"unique": {"column": "a", "count": "dup_groups", "max": 1, "severity": "alert"}}),
            ],
        ),
        ("unique", "{fail_calc: sum(n)}", vec![]),
        ("unique", "{error_if: '>5', limit: 3}", vec![]),
        ("unique", "{error_if: 'between 1 and 2'}", vec![]),
        ("unique", "{severity: maybe}", vec![]),
    ];
    for (test, config, expected) in cases {
        let text = format!(
            "models:\n- name: m\n  columns:\n  - name: a\n    tests:\n    - {test}: {{config: {config}}}\n"
        );
        let imported = given(&text);
        assert_eq!(carried(&imported), expected, "{config}: {:?}", reasons(&imported));
        assert_eq!(imported.refused.is_empty(), !expected.is_empty(), "{config}");
    }
}

#[test]
fn numbers_that_dbt_quotes_are_texts() {
    let values = |values: &str| {
        let text = format!(
            "models:\n- name: m\n  columns:\n  - name: a\n    tests:\n    - accepted_values: {values}\n"
        );
        let imported = given(&text);
        imported.carried().next().map(|check| check.params["values"].clone())
    };
    assert_eq!(values("{values: [1, x]}"), Some(json!(["1", "x"])));
    assert_eq!(values("{values: [1, \"'x'\", true], quote: false}"), Some(json!([1, "x", true])));
    assert_eq!(values("{values: [now()], quote: false}"), None);
}

#[test]
fn a_rule_that_is_not_there_yet_is_named() {
    let missing = draft::Draft::on("no_such_rule", "a").verify();
    assert!(missing.is_err_and(|why| why.contains("no_such_rule")));
}

/// Soda's change is signed, Lockgate's has a direction.
#[test]
fn changes_of_soda_keep_their_direction() {
    let change = |rest: Value| {
        let mut params = json!({"metric": "row_count", "baseline": "previous", "as": "absolute"});
        let all = params.as_object_mut().expect("a mapping");
        all.extend(rest.as_object().expect("a mapping").clone());
        json!({ "change": params })
    };
    let cases = [
        ("change for row_count <= 50", vec![change(json!({"direction": "up", "fail": 50}))]),
        ("change for row_count >= -5", vec![change(json!({"direction": "down", "fail": 5}))]),
        ("change for row_count between -20 and +20", vec![change(json!({"fail": 20}))]),
        (
            "change for row_count between -5 and 10",
            vec![
                change(json!({"direction": "down", "fail": 5})),
                change(json!({"direction": "up", "fail": 10})),
            ],
        ),
        (
            "change percent avg last 7 for row_count <= 50%",
            vec![change(json!({"baseline": {"last": 7}, "as": "percent", "direction": "up", "fail": 50}))],
        ),
        (
            "change same day last week for row_count = 0",
            vec![change(json!({"baseline": {"same_weekday": 1}, "fail": 0}))],
        ),
        ("change for row_count > 5", vec![]),
        ("change max last 7 for row_count < 5", vec![]),
        ("change for missing_percent(a) < 5", vec![]),
        ("change row_count < 5", vec![]),
    ];
    for (check, expected) in cases {
        let imported = given(&format!("checks for t:\n- '{check}'\n"));
        assert_eq!(carried(&imported), expected, "{check}: {:?}", reasons(&imported));
        assert_eq!(imported.refused.is_empty(), !expected.is_empty(), "{check}");
    }
}

#[test]
fn a_query_is_carried_over_only_if_it_reads_its_own_dataset() {
    let imported = given(
        "checks for orders:\n- failed rows:\n    fail query: SELECT id FROM orders\n\
         - failed rows:\n    fail query: SELECT id FROM orders JOIN customers USING (id)\n\
         - paid > 1:\n    paid expression: SUM(paid)\n- paid > 1:\n    paid expression: SUM(${paid})\n",
    );
    assert_eq!(
        carried(&imported),
        [
            json!({"custom_sql": {"query": "SELECT id FROM this AS orders"}}),
            json!({"custom_sql": {"query": "SELECT SUM(paid) AS figure FROM this", "expect": "scalar", "min": 1}}),
        ]
    );
    assert_eq!(imported.refused.len(), 2);
    assert!(reasons(&imported)[0].contains("customers"), "{:?}", reasons(&imported));
}

#[test]
fn every_expectation_that_is_known_becomes_a_rule_that_is_there() {
    // What none of these arguments fits is refused, but never because of the rule's name.
    let args = json!({
        "column": "a", "column_A": "a", "column_B": "b", "column_list": ["a", "b"], "column_set": ["a"],
        "min_value": 1, "max_value": 2, "value_set": [1], "regex": "a", "value": 1, "threshold": 3,
    });
    for name in expectation_list::names() {
        let suite = json!({"expectations": [{"type": name, "kwargs": args}]});
        let imported = given(&suite.to_string());
        assert_eq!(imported.carried().count() + imported.refused.len(), 1, "{name}");
        let is_unknown =
            |why: &&str| why.contains("this version does not have") || why.contains("no counterpart");
        assert!(!reasons(&imported).iter().any(is_unknown), "{name}: {:?}", reasons(&imported));
    }
}
