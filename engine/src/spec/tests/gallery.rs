//! What people get wrong in pipeline files, and what they are told.

use std::collections::BTreeMap;

use super::super::{Pipeline, SourceText, json_schema};
use super::shown;

fn load(text: &str) -> Result<Pipeline, Vec<String>> {
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/a".to_owned())]);
    Pipeline::load(SourceText::new("p.yaml", text), &[], &environment)
        .map_err(|errors| errors.iter().map(|error| shown(text, error)).collect())
}

/// The errors of `text`, between lines of dashes.
fn refused(text: &str) -> String {
    load(text).expect_err("the file is wrong").join("\n----\n")
}

/// A pipeline around a table.
fn around(table: &str) -> String {
    format!("pipeline: p\nsources: {{orders: {{read: in/}}}}\ntables:\n  clean:\n    from: orders\n{table}")
}

#[test]
fn a_whole_file_is_read() {
    let text = "pipeline: orders
vars: {lake: '${LAKE:-./lake}', share: 0.99}
sources:
  orders:
    read: ${lake}/raw/
    partitions: {created_at: latest}
    schema: {columns: {order_id: int64, price: {type: 'decimal(12,2)', nullable: false}}, extra_columns: drop}
    checks:
      - not_null: order_id
      - completeness:
          column: price
          mostly: ${share}
          severity: alert
  idle: {read: nowhere/}
tables:
  months: {from: clean, steps: [{filter: price > 0}], write: {to: '${lake}/months/', file_size: 64MB}}
  clean: {from: orders, write: {to: '${lake}/clean/', partition_by: day, mode: append}}
";
    let pipeline = load(text).unwrap();
    let order: Vec<_> = pipeline.tables_in_order().map(|(name, _)| name.value.as_str()).collect();
    assert_eq!(order, ["clean", "months"]);
    assert_eq!(pipeline.sources[0].1.read.value, "./lake/raw/");
    assert_eq!(pipeline.warnings.len(), 1);
    assert_eq!(pipeline.warnings[0].message(), "no table reads the source \"idle\"");
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let cases: &[(&str, String, &str)] = &[
        (
            "an unknown key",
            around("    wirte: {to: out/}"),
            "unknown key \"wirte\"\n6|     wirte: {to: out/}\n       ^^^^^\n= did you mean \"write\"? the keys here are from, steps, checks, profile, write, quarantine, max_quarantine",
        ),
        (
            "an unknown step",
            around("    steps: [{fliter: x > 0}]\n    write: {to: out/}"),
            "unknown step \"fliter\"\n6|     steps: [{fliter: x > 0}]\n                ^^^^^^\n= did you mean \"filter\"?",
        ),
        (
            "an unknown rule",
            around("    checks: [{not_nul: x}]"),
            "not_nul\"\n6|     checks: [{not_nul: x}]\n                 ^^^^^^^\n= did you mean \"not_null\"?",
        ),
        (
            "an unknown parameter of a rule",
            around("    checks:\n      - between: {column: x, mni: 1}"),
            "\n7|       - between: {column: x, mni: 1}\n                                ^^^\n= did you mean \"min\"?",
        ),
        (
            "an unknown function",
            around("    steps:\n      - filter: abss(x) > 0\n    write: {to: out/}"),
            "there is no function abss\n7|       - filter: abss(x) > 0\n                   ^^^^\n= did you mean \"abs\"?",
        ),
        (
            "an expression cut short",
            around("    steps:\n      - derive: {y: 'x + '}\n    write: {to: out/}"),
            "cannot read the expression: expected an expression, found the end",
        ),
        (
            "a wrong choice",
            around("    write: {to: out/, mode: repalce}"),
            "unknown choice \"repalce\"\n6|     write: {to: out/, mode: repalce}\n                               ^^^^^^^\n= did you mean \"replace\"? it can be replace, append, error_if_exists",
        ),
        (
            "a missing key",
            around("    write: {mode: append}"),
            "missing key \"to\"\n6|     write: {mode: append}\n              ^^^^^^^^^^^^^^",
        ),
        (
            "an unknown source",
            around("    write: {to: out/}").replace("from: orders", "from: ordres"),
            "no source or table \"ordres\"\n5|     from: ordres\n             ^^^^^^\n= did you mean \"orders\"? there are orders, clean",
        ),
        (
            "an unknown type",
            around("    write: {to: out/}").replace("in/}", "in/, schema: {columns: {a: strng}}}"),
            "unknown type \"strng\"\n2| sources: {orders: {read: in/, schema: {columns: {a: strng}}}}\n                                                       ^^^^^\n= did you mean \"string\"?",
        ),
        (
            "a duplicate key",
            around("    from: other"),
            "the key \"from\" stands twice in this mapping\n6|     from: other\n       ^^^^\n= it first stands at 5:5; keep one of the two",
        ),
        (
            "a tab",
            "pipeline: p\nsources:\n\torders: {read: in/}\n".into(),
            "= indent with spaces; YAML does not allow tabs there",
        ),
        (
            "an unset variable",
            around("    write: {to: '${HOEM}/out/'}"),
            "variable \"HOEM\" is not set\n6|     write: {to: '${HOEM}/out/'}\n                   ^^^^^^^^^^^^^^\n= did you mean \"HOME\"? pass --var HOEM=…",
        ),
        (
            "nothing to do",
            around("    steps: []"),
            "the pipeline neither writes nor checks anything\n1| pipeline: p\n             ^",
        ),
        (
            "a cycle",
            around("    write: {to: out/}\n  a: {from: b}\n  b: {from: a}"),
            "tables read each other in a circle: a → b → a\n7|   a: {from: b}\n     ^",
        ),
        ("an empty file", String::new(), "missing key \"pipeline\""),
        (
            "a list in place of a mapping",
            "pipeline: p\nsources: [a]\ntables: {}".into(),
            "expected a mapping, found a list\n2| sources: [a]\n            ^^^",
        ),
    ];
    for (name, text, expected) in cases {
        let found = refused(text);
        assert!(found.contains(expected), "{name}:\n{found}\n-- is not --\n{expected}");
    }
}

#[test]
fn mistakes_in_several_places_are_shown_together() {
    let text = "pipeline: p
sources:
  a: {raed: in/}
  b: {read: in/, format: xml}
tables:
  c: {form: a}
";
    let found = load(text).unwrap_err();
    let first: Vec<_> = found.iter().filter_map(|error| error.lines().next()).collect();
    assert_eq!(first, ["unknown key \"raed\"", "unknown choice \"xml\"", "unknown key \"form\""]);
}

#[test]
fn a_secret_in_a_wrong_place_is_not_shown() {
    let text =
        format!("vars: {{s3_secret: hunter22}}\n{}", around("    write: {to: out/, mode: '${s3_secret}'}"));
    let found = refused(&text);
    assert!(found.starts_with("unknown choice \"***\""), "{found}");
}

#[test]
fn the_schema_describes_every_step_and_rule() {
    let schema = json_schema().to_string();
    for name in
        crate::steps::STEPS.iter().map(|def| def.name).chain(lockgate_rules::RULES.iter().map(|def| def.name))
    {
        assert!(schema.contains(&format!("\"{name}\":")), "{name}");
    }
}
