//! What is configured for a test of dbt: its severity, and how many failures are allowed.

use serde_json::{Map, Value, json};

use super::args::Args;
use super::bounds::{Bounds, Failing, Is, failing};
use super::draft::Draft;
use super::sql;

/// The test a rule comes from, and how the test counts failures.
pub(super) struct Found {
    /// The rule, where no failure is allowed.
    pub(super) draft: Draft,
    /// What a number of failures counts.
    pub(super) counts: Counts,
}

/// What a number of failures counts.
pub(super) enum Counts {
    /// Rows for which this condition holds.
    Rows(Result<String, String>),
    /// Keys that occur more than once.
    Keys,
    /// Something Lockgate does not count.
    Other(&'static str),
}

/// What is configured for a test.
pub(super) struct Config {
    /// What stands beside every rule.
    pub(super) shared: Map<String, Value>,
    /// How many failures are allowed, by what more lead to.
    limits: Vec<(Option<&'static str>, Bounds)>,
    /// Whether other than the usual numbers of failures are allowed.
    counted: bool,
}

impl Config {
    pub(super) fn of(args: &mut Args<'_>) -> Result<Self, String> {
        if let Some(config) = args.take("config") {
            args.and(Args::of(config)?);
        }
        args.ignore(&[
            "meta",
            "alias",
            "schema",
            "database",
            "store_failures",
            "store_failures_as",
            "group",
            "sql_header",
        ]);
        if args.flag("enabled")? == Some(false) {
            return Err("it is switched off (enabled: false)".into());
        }
        if let Some(calculation) = args.text("fail_calc")? {
            return Err(format!("failures are counted by SQL of its own (fail_calc: {calculation})"));
        }
        let limited = args.number("limit")?;
        let mut shared = Map::new();
        for (theirs, ours) in [("name", "id"), ("description", "description"), ("where", "where")] {
            if let Some(text) = args.text(theirs)? {
                sql::filled(text)?;
                shared.insert(ours.into(), text.split_whitespace().collect::<Vec<_>>().join(" ").into());
            }
        }
        if let Some(tags) = args.texts("tags")?.filter(|tags| !tags.is_empty()) {
            shared.insert("tags".into(), tags.into());
        }
        let severity = args.text("severity")?.unwrap_or("error").to_ascii_lowercase();
        let (warn_if, error_if) = (condition(args, "warn_if")?, condition(args, "error_if")?);
        if limited.is_some() && (warn_if.is_some() || error_if.is_some()) {
            return Err("failures are counted up to a limit".into());
        }
        let none = || Bounds::exactly(json!(0));
        let counted = [&warn_if, &error_if].into_iter().flatten().any(|bounds| !bounds.is_zero());
        let warn = (Some("alert"), warn_if.unwrap_or_else(none));
        let limits = match (severity.as_str(), error_if) {
            ("warn", _) => vec![warn],
            ("error", Some(bounds)) if !bounds.is_zero() => vec![(None, bounds), warn],
            ("error", _) => vec![(None, none())],
            _ => return Err(format!("the severity {severity} is not known")),
        };
        Ok(Self { shared, limits, counted })
    }

    /// The rule once for each limit.
    pub(super) fn judged(&self, found: &Found) -> Vec<Result<Draft, String>> {
        let judged = |(severity, bounds): &(Option<&str>, Bounds)| {
            let draft = found.draft.clone();
            let draft = match &found.counts {
                _ if bounds.is_zero() => draft,
                Counts::Rows(condition) => failing(draft, condition.clone(), &Failing::Rows(bounds.clone()))?,
                Counts::Keys => bounds.of_count(draft.with("count", "dup_groups"))?,
                Counts::Other(what) => {
                    return Err(format!("it allows a number of {what}, which no rule counts"));
                }
            };
            Ok(draft.maybe("severity", *severity))
        };
        self.limits.iter().map(judged).collect()
    }

    /// The rules where no failure is counted.
    pub(super) fn all_or_nothing(&self, drafts: Vec<Draft>) -> Vec<Result<Draft, String>> {
        if self.counted {
            return vec![Err(
                "it allows a number of failures (warn_if, error_if), which no rule counts".into()
            )];
        }
        let severity = self.limits.first().and_then(|(severity, _)| *severity);
        drafts.into_iter().map(|draft| Ok(draft.maybe("severity", severity))).collect()
    }
}

/// The numbers of failures that are allowed by a condition on those that are not.
fn condition(args: &mut Args<'_>, key: &str) -> Result<Option<Bounds>, String> {
    let Some(text) = args.text(key)? else { return Ok(None) };
    let text = text.trim();
    let at = text.find(|c: char| !"<>=!".contains(c)).unwrap_or(text.len());
    let (sign, number) = (Is::of(&text[..at]), serde_json::from_str::<Value>(text[at..].trim()));
    match (sign, number) {
        (Some(sign), Ok(number @ Value::Number(_))) => Bounds::that(sign.negated(), number).map(Some),
        _ => Err(format!("{key}: `{text}` is not a comparison with a number")),
    }
}
