//! SQL that checks are written in: Lockgate's own, and what of others' can be read as such.

use serde_json::Value;

/// A column's name in an expression.
pub(super) fn column(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A literal in an expression.
pub(super) fn literal(value: &Value) -> Result<String, String> {
    match value {
        Value::Bool(value) => Ok(if *value { "TRUE".into() } else { "FALSE".into() }),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(format!("'{}'", text.replace('\'', "''"))),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("{value} is not a literal")),
    }
}

/// Literals in an expression.
pub(super) fn literals(values: &[Value]) -> Result<String, String> {
    Ok(values.iter().map(literal).collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// A condition that several columns are null at once.
pub(super) fn all_null(columns: &[String]) -> String {
    let each: Vec<String> = columns.iter().map(|name| format!("{} IS NULL", column(name))).collect();
    each.join(" AND ")
}

/// Refuses text with placeholders that only its own tool can fill in.
pub(super) fn filled(text: &str) -> Result<(), String> {
    let placeholder = ["{{", "{%", "${"].into_iter().find(|mark| text.contains(mark));
    match placeholder {
        Some("${") => Err("it holds a variable ${…} that is filled in elsewhere".into()),
        Some(_) => Err("it holds a template {{ … }} that is filled in elsewhere".into()),
        None => Ok(()),
    }
}

/// A value that is written as SQL: a number, a quoted text, true or false, or the name of a column.
pub(super) fn operand(text: &str) -> Result<Value, String> {
    let text = text.trim();
    filled(text)?;
    if let Ok(number @ Value::Number(_)) = serde_json::from_str(text) {
        return Ok(number);
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''))
        && !inner.replace("''", "").contains('\'')
    {
        return Ok(Value::String(inner.replace("''", "'")));
    }
    match text.to_ascii_lowercase().as_str() {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let is_name = is_plain(text) && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name && !text.to_ascii_lowercase().starts_with("current_") {
        return Ok(serde_json::json!({ "column": text }));
    }
    Err(format!("`{text}` is SQL of its database, neither a literal nor a column"))
}

/// Whether text can only be the name of a column.
pub(super) fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "_ -$#".contains(c))
}

/// A LIKE pattern as a regular expression that has to match the whole text.
pub(super) fn like(pattern: &str) -> String {
    pattern.chars().fold(String::from("(?s)"), |regex, c| match c {
        '%' => regex + ".*",
        '_' => regex + ".",
        c if c.is_ascii_punctuation() => regex + "\\" + c.encode_utf8(&mut [0; 4]),
        c => regex + c.encode_utf8(&mut [0; 4]),
    })
}
