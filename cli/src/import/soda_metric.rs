//! Soda's metrics, and how they are compared: what `SodaCL` and contracts share.

use serde_json::{Value, json};

use super::args::Args;
use super::bounds::{Bounds, Failing, failing, outside};
use super::draft::Draft;
use super::sql;

/// Formats that the rule `format` validates too, by its own definition.
const FORMATS: &[(&str, &str)] = &[
    ("email", "email"),
    ("url", "url"),
    ("uuid", "uuid"),
    ("ip address", "ipv4"),
    ("ipv4 address", "ipv4"),
    ("ipv6 address", "ipv6"),
    ("phone number", "phone"),
    ("credit card number", "credit_card"),
    ("date iso 8601", "iso_date"),
];

/// Statistics of a column by the name of Soda's metric.
const STATISTICS: &[(&str, &str)] = &[
    ("min", "min"),
    ("max", "max"),
    ("avg", "mean"),
    ("sum", "sum"),
    ("stddev", "stddev"),
    ("stddev_samp", "stddev"),
    ("stddev_pop", "stddev"),
    ("variance", "variance"),
    ("var_samp", "variance"),
    ("var_pop", "variance"),
    ("avg_length", "avg_length"),
];

/// What of a column is missing besides nulls, and what is valid.
#[derive(Debug, Clone, Default)]
pub(super) struct Validity {
    missing: Vec<Draft>,
    /// Each a row rule that valid values pass, with the condition that holds where they do not.
    valid: Vec<(Draft, Result<String, String>)>,
}

/// How the keys of a configuration are spelled: with blanks in `SodaCL`, with `_` in contracts.
fn key(args: &mut Args<'_>, name: &str) -> Option<Value> {
    args.any(&[name, &name.replace(' ', "_")]).map(lockgate_engine::spec::Node::to_json)
}

fn listed(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            Ok(items.into_iter().filter(|item| !item.is_null()).collect())
        }
        other => Err(format!("{other} is not a list of values")),
    }
}

/// The pattern of a regex, which contracts put in a mapping of its own.
fn pattern(value: &Value) -> Result<String, String> {
    let text = value.as_str().or_else(|| value.get("regex").and_then(Value::as_str));
    text.map(str::to_owned).ok_or_else(|| format!("{value} is not a pattern"))
}

impl Validity {
    /// Takes the configuration of missing and valid values among `args`.
    pub(super) fn of(column: &str, args: &mut Args<'_>) -> Result<Self, String> {
        let mut found = Self::default();
        let quoted = sql::column(column);
        let missing = || Draft::on("missing", column).with("blank", false).with("nan", false);
        let values = key(args, "missing values").map(listed).transpose()?;
        let regex =
            key(args, "missing regex").or_else(|| key(args, "missing format").filter(Value::is_object));
        if values.is_some() || regex.is_some() {
            let regex = regex.as_ref().map(pattern).transpose()?;
            // Soda looks for the pattern anywhere in the text.
            let anywhere = regex.map(|regex| format!("(?s:.*)(?:{regex})(?s:.*)"));
            found.missing.push(missing().maybe("values", values).maybe("regex", anywhere));
        }
        let mut valid =
            |draft: Draft, condition: Result<String, String>| found.valid.push((draft, condition));
        if let Some(values) = key(args, "valid values").map(listed).transpose()? {
            let condition = sql::literals(&values).map(|list| format!("{quoted} NOT IN ({list})"));
            valid(Draft::on("in_set", column).with("values", values), condition);
        }
        if let Some(values) = key(args, "invalid values").map(listed).transpose()? {
            let condition = sql::literals(&values).map(|list| format!("{quoted} IN ({list})"));
            valid(Draft::on("not_in_set", column).with("values", values), condition);
        }
        let valid_format = key(args, "valid format");
        let custom = valid_format.clone().filter(Value::is_object);
        if let Some(regex) = key(args, "valid regex").or(custom) {
            let regex = pattern(&regex)?;
            let test = format!("NOT regexp_matches({quoted}, {})", sql::literal(&json!(regex))?);
            valid(Draft::on("regex", column).with("pattern", regex).with("mode", "search"), Ok(test));
        }
        if let Some(regex) =
            key(args, "invalid regex").or_else(|| key(args, "invalid format").filter(Value::is_object))
        {
            let regex = pattern(&regex)?;
            let test = format!("regexp_matches({quoted}, {})", sql::literal(&json!(regex))?);
            valid(Draft::on("not_regex", column).with("pattern", regex).with("mode", "search"), Ok(test));
        }
        if let Some(Value::String(format)) = valid_format {
            let ours = FORMATS.iter().find(|(theirs, _)| *theirs == format);
            let (_, ours) = ours.ok_or_else(|| format!("the format \"{format}\" has no counterpart"))?;
            let draft = Draft::on("format", column).with("is", *ours);
            valid(
                draft.but(format!("\"{format}\" is what Lockgate's format {ours} says, not Soda's pattern")),
                Err("a format is no SQL".into()),
            );
        }
        let (min, max) = (key(args, "valid min"), key(args, "valid max"));
        if min.is_some() || max.is_some() {
            let bounds = Bounds::new(min, max);
            let condition = outside(&quoted, &bounds);
            valid(bounds.of_values(Draft::on("between", column)), condition);
        }
        let length = key(args, "valid length");
        let (min, max) = (key(args, "valid min length"), key(args, "valid max length"));
        let (min, max) = (min.or_else(|| length.clone()), max.or(length));
        if min.is_some() || max.is_some() {
            let bounds = Bounds::new(min, max);
            let condition = outside(&format!("length({quoted})"), &bounds);
            valid(bounds.of_count(Draft::on("length", column))?, condition);
        }
        Ok(found)
    }

    /// The configuration of a check over that of its column.
    pub(super) fn or(mut self, column: &Self) -> Self {
        if self.missing.is_empty() {
            self.missing.clone_from(&column.missing);
        }
        if self.valid.is_empty() {
            self.valid.clone_from(&column.valid);
        }
        self
    }

    /// Missing values, as many as `limit` says.
    pub(super) fn missing(&self, column: &str, limit: &Failing) -> Result<Vec<Draft>, String> {
        let is_null = format!("{} IS NULL", sql::column(column));
        let draft = match self.missing.as_slice() {
            [] => failing(Draft::on("not_null", column), Ok(is_null), limit)?,
            [one] => {
                let values = one.params.get("values").and_then(Value::as_array).cloned();
                let condition = match (values, one.params.contains_key("regex")) {
                    (Some(values), false) => sql::literals(&values)
                        .map(|list| format!("{is_null} OR {} IN ({list})", sql::column(column))),
                    _ => Err("a pattern tells which are missing".into()),
                };
                failing(one.clone(), condition, limit)?
            }
            _ => return Err("missing values are configured several times".into()),
        };
        Ok(vec![draft])
    }

    /// Invalid values, as many as `limit` says. Missing ones are not invalid, but rows of which a share is
    /// taken.
    pub(super) fn invalid(&self, limit: &Failing) -> Result<Vec<Draft>, String> {
        if self.valid.is_empty() {
            return Err("nothing says which values are valid".into());
        }
        let none_fails = matches!(limit, Failing::Rows(b) if b.is_zero())
            || matches!(limit, Failing::Percent(b) if b.is_zero() && !b.strict_max);
        if self.valid.len() > 1 && !none_fails {
            return Err(
                "several conditions make a value valid, and the limit is on all of them together".into()
            );
        }
        let besides = !self.missing.is_empty();
        let each = |(draft, condition): &(Draft, Result<String, String>)| {
            let draft = draft.clone();
            let draft = if besides {
                draft.but("values configured as missing are judged as others are")
            } else {
                draft
            };
            let draft = if none_fails { draft } else { draft.with("nulls", "pass") };
            let draft = failing(draft, condition.clone(), limit)?;
            // `row_count` counts rows, whatever is null in them.
            Ok(if draft.rule == "row_count" { without(draft, "nulls") } else { draft })
        };
        self.valid.iter().map(each).collect()
    }
}

fn without(mut draft: Draft, key: &str) -> Draft {
    draft.params.remove(key);
    draft
}

/// A figure of a column, or of the rows, within `bounds`.
pub(super) fn figure(metric: &str, columns: &[String], bounds: Bounds) -> Result<Draft, String> {
    let column = || match columns {
        [one] => Ok(one.as_str()),
        _ => Err(format!("{metric} is not about one column")),
    };
    let keys = || match columns {
        [] => Err("it is about no column".to_owned()),
        some => Ok(Draft::new("unique").with("columns", some.to_vec())),
    };
    match metric {
        "row_count" => bounds.of_count(Draft::new("row_count")),
        "duplicate_count" if bounds.is_zero() => keys(),
        "duplicate_count" => bounds.of_count(keys()?.with("count", "dup_groups")).map(|draft| {
            if draft.params.contains_key("min") {
                draft.but("a least number of duplicates cannot be asked for")
            } else {
                draft
            }
        }),
        "duplicate_percent" if bounds.is_zero() && !bounds.strict_max => keys(),
        "distinct_count" => {
            bounds.of_count(Draft::on("distinct_count", column()?).with("exactness", "exact"))
        }
        "min_length" | "max_length" => length(metric, column()?, &bounds),
        _ => {
            let function = STATISTICS.iter().find(|(theirs, _)| *theirs == metric);
            let (_, function) = function.ok_or_else(|| format!("the metric {metric} has no counterpart"))?;
            let draft = Draft::on("statistic", column()?).with("fn", *function);
            let draft = if metric.ends_with("_pop") { draft.with("ddof", 0) } else { draft };
            Ok(bounds.of_figure(draft))
        }
    }
}

/// The shortest or the longest value; a limit on it is one on every value.
fn length(metric: &str, column: &str, bounds: &Bounds) -> Result<Draft, String> {
    let fits = match metric {
        "min_length" => bounds.max.is_none(),
        _ => bounds.min.is_none(),
    };
    if !fits {
        return Err(format!("{metric} is limited from both sides, and a limit on every value says only one"));
    }
    bounds.of_count(Draft::on("length", column))
}
