use super::refused;

#[test]
fn a_mistake_is_reported_at_its_character() {
    for (text, expected) in [
        ("x + yy", "there is no column \"yy\" | yy | "),
        ("rond(x)", "there is no function rond | rond | did you mean \"round\"?"),
        ("round()", "round does not take 0 arguments | round | it is called as round(x[, digits])"),
        ("s + 1", "cannot compute string + int64 | s | || joins texts"),
        ("x = s", "int64 and string do not go together | s | bring one to the type"),
        ("lower(x)", "lower takes text here, found int64 | x | CAST(x AS string)"),
        ("x AND b", "AND must be true or false, found int64 | x | compare it"),
        ("CAST(x AS strng)", "unknown type \"strng\" | x | did you mean \"string\"?"),
        ("sum(x)", "sum needs the rows of a group | sum | aggregates belong"),
        ("now()", "there is no function now | now | an expression does not know the time"),
        ("d = 'soon'", "date and string do not go together | 'soon' | 'soon' is neither a date"),
        ("regexp_matches(s, '(')", "cannot read the pattern '(': unclosed group | '(' | "),
        ("x LIKE s", "the pattern of LIKE must be a text literal | s | "),
        ("x IN (SELECT 1)", "an expression sees one row and cannot hold a query | "),
        ("lag(x)", "lag sees other rows than its own | lag | use it in the window step"),
        ("coalesce(INTERVAL '1' DAY, x)", "an interval can only be added"),
        ("date_trunc('moth', d)", "there is no unit 'moth' | 'moth' | did you mean \"month\"?"),
        ("t - t", "cannot compute timestamp - timestamp | t | date_diff('second'"),
        ("sum(x) OVER ()", "OVER is not part of the expression language | sum | use the window step"),
        ("s.field", "string has no field \"field\" | s.field | "),
        ("DATE '2024-13-01'", "'2024-13-01' is not a date | '2024-13-01' | "),
        ("x +", "cannot read the expression: expected an expression, found the end | "),
        ("x y", "unexpected y after the expression | y | "),
        ("CAST(d AS int64)", "date cannot be cast to int64 | d | epoch"),
    ] {
        let found = refused(text);
        assert!(
            found.starts_with(expected) || found.contains(expected),
            "{text}\n gives {found}\n   not {expected}"
        );
    }
}
