//! Reads run records back: from the store, or from a file that the command line printed.

use serde_json::Value;

use super::record::{FORMAT_VERSION, RunRecord};
use crate::error::{Error, Result};

impl RunRecord {
    /// The record of an earlier run, as it was stored.
    pub fn stored(record: Value) -> Result<Self> {
        let mut record: Self = serde_json::from_value(record).map_err(|error| {
            Error::wrong("the record of the earlier run cannot be read by this version").because(error)
        })?;
        record.already_published = true;
        Ok(record)
    }

    /// The record that is written as JSON in the file `name`. What a record of an older version does not
    /// tell is empty; one of a newer version is refused.
    pub fn parse(json: &[u8], name: &str) -> Result<Self> {
        let wrong = || Error::wrong(format!("{name} is no run record"));
        let value: Value =
            serde_json::from_slice(json).map_err(|error| wrong().hint(PRINTED).because(error))?;
        if value.get("errors").is_some() && value.get("run_id").is_none() {
            return Err(wrong().hint("it holds the errors of a command that failed before it had a verdict"));
        }
        let version = value.get("format_version").and_then(Value::as_u64);
        if version.is_some_and(|version| version > u64::from(FORMAT_VERSION)) {
            let newer = Error::wrong(format!("{name} was written by a newer version of lockgate"));
            return Err(newer.hint("read it with a version that is at least as new"));
        }
        serde_json::from_value(value).map_err(|error| wrong().hint(PRINTED).because(error))
    }
}

/// Where run records come from.
const PRINTED: &str = "give what `lockgate run FILE --format json` printed, or a `record.json` it stored";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(record: &Value) -> String {
        let error = RunRecord::parse(record.to_string().as_bytes(), "r.json").expect_err("no run record");
        format!("{} ({})", error.message(), error.cure().unwrap_or_default())
    }

    #[test]
    fn what_is_no_record_is_refused_with_a_hint() {
        assert!(refused(&json!({"rows": 1})).contains("--format json"));
        assert!(refused(&json!([])).starts_with("r.json is no run record"));
        assert!(refused(&json!({"errors": [], "exit_code": 30})).contains("failed before"));
        assert!(refused(&json!({"format_version": FORMAT_VERSION + 1})).contains("newer version"));
        assert!(RunRecord::parse(b"", "r.json").is_err());
    }
}
