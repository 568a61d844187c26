use proptest::prelude::*;

use super::super::{Node, Spanned, Value, read};
use super::{shown, text_at};

fn keys(node: &Node, out: &mut Vec<Spanned<String>>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| keys(item, out)),
        Value::Map(entries) => entries.iter().for_each(|(key, node)| {
            out.push(key.clone());
            keys(node, out);
        }),
        _ => {}
    }
}

fn refused(text: &str) -> String {
    shown(text, &read(text).expect_err("the text is not a pipeline file"))
}

#[test]
fn keys_and_scalars_stand_where_they_say() {
    let text = "\u{feff}größe: 'ja '\r\nliste:\r\n  - {b: 12, \"ç\": [x, 'y z']}   # rest\r\n  - |\r\n    two\r\n    lines\r\n";
    let root = read(text).unwrap();
    let mut found = Vec::new();
    keys(&root, &mut found);
    let found: Vec<_> = found.iter().map(|key| text_at(text, key.span)).collect();
    assert_eq!(found, ["größe", "liste", "b", "\"ç\""]);
    let at = |path: &str| text_at(text, root.locate(path));
    assert_eq!(at("größe"), "'ja '");
    assert_eq!(at("liste.0"), "{b: 12, \"ç\": [x, 'y z']}");
    assert_eq!(at("liste.0.b"), "12");
    assert_eq!(at("liste.0.ç"), "[x, 'y z']");
    assert_eq!(at("liste.0.ç.1"), "'y z'");
    assert_eq!(at("liste.1"), "two");
    assert_eq!(at("liste.0.no.such"), at("liste.0"));
    assert_eq!(root.get("liste").unwrap().to_json()[1], "two\nlines\n");
}

#[test]
fn an_empty_value_stands_at_its_key() {
    let root = read("a:\nb: 1\n").unwrap();
    assert_eq!(text_at("a:\nb: 1\n", root.locate("a")), "a");
    assert_eq!(root.get("a").unwrap().value, Value::Null);
}

#[test]
fn an_empty_file_is_null_and_two_documents_are_one_too_many() {
    assert_eq!(read("").unwrap().value, Value::Null);
    assert_eq!(read("# nothing\n").unwrap().value, Value::Null);
    assert_eq!(read("---\na: 1\n").unwrap().to_json()["a"], 1);
    assert_eq!(refused("a: 1\n---\nb: 2\n"), "the file holds more than one document\n3| b: 2\n   ^");
}

#[test]
fn an_alias_stands_for_its_anchor() {
    let root = read("a: &x [1, 2]\nb: *x\n").unwrap();
    assert_eq!(root.to_json()["b"][1], 2);
    assert_eq!(root.locate("b").line, 1);
}

#[test]
fn quoted_numbers_are_text_and_on_is_a_word() {
    let json = read("on: '12'\nno: 12\n!!str a: 1\n").err();
    assert!(json.is_some(), "a tagged key is refused");
    let json = read("on: '12'\nno: !!str 12\n").unwrap().to_json();
    assert_eq!(json["on"], "12");
    assert_eq!(json["no"], "12");
}

#[test]
fn a_duplicate_key_names_both_places() {
    assert_eq!(
        refused("sources:\n  a: 1\n  b: 2\n  a: 3\n"),
        "the key \"a\" stands twice in this mapping\n4|   a: 3\n     ^\n= it first stands at 2:3; keep one of the two"
    );
}

#[test]
fn a_tab_as_indentation_says_so() {
    let message = refused("a:\n\tb: 1\n");
    assert!(message.contains("indent with spaces"), "{message}");
    assert!(message.contains("\n2| "), "{message}");
}

#[test]
fn what_amplifies_is_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let uses = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{uses}]\n");
    }
    assert!(refused(&bomb).starts_with("the file holds more than"));
    assert!(read(&"[".repeat(100_000)).is_err());
    assert!(read(&"- ".repeat(100_000)).is_err());
    assert!(read("a: &a [*a]").is_err());
    assert!(read("a: &a [*b]").is_err());
}

fn document() -> impl Strategy<Value = String> {
    let name = "[a-zA-Zäöß_][a-zA-Z0-9 äöß_]{0,8}[a-z]";
    let scalar = prop_oneof![
        name.prop_map(|text| text),
        "[0-9]{1,9}",
        "[ -~]{0,9}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        "[ -~]{0,9}".prop_map(|text| format!("{text:?}")),
    ];
    let flow = scalar.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map(name, inner, 0..4).prop_map(|map| {
                let entries: Vec<_> = map.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    });
    let line_end = prop_oneof![Just("\n"), Just("\r\n"), Just(" # ä\n")];
    (prop::collection::btree_map(name, flow, 0..5), line_end, any::<bool>()).prop_map(|(map, end, mark)| {
        let mut text = if mark { "\u{feff}".to_owned() } else { String::new() };
        for (index, (key, value)) in map.iter().enumerate() {
            text += &format!(
                "{key}:{}{end}",
                if index % 2 == 0 { format!(" {value}") } else { format!("\n  - {value}") }
            );
        }
        text
    })
}

proptest! {
    #[test]
    fn every_key_of_a_document_stands_at_its_span(text in document()) {
        let root = read(&text).unwrap();
        let mut found = Vec::new();
        keys(&root, &mut found);
        for key in found {
            prop_assert_eq!(&text_at(&text, key.span), &key.value);
        }
    }

    #[test]
    fn reading_never_panics_and_errors_stand_in_the_file(
        text in "([a-c]|: |- |\n|\r|  |\t|\\[|\\]|\\{|\\}|,|\"|'|\\||>|&a|\\*a|#|!|%|\\?|---|\\.\\.\\.|\u{feff}|ä|\u{0}|\\$\\{|[0-9]){0,40}",
    ) {
        if let Err(error) = read(&text) {
            let _ = shown(&text, &error);
        }
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in any::<String>()) {
        let _ = read(&text);
    }
}
