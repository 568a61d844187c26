//! Rules made of other rules: how their parts are read, bound, and put together.
//!
//! Where every part is a plain row rule, the parts are put together row by row, by Kleene's logic of true,
//! false and unknown; else each part is judged as a check of its own, and their verdicts are put together.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{and_kleene, not, or_kleene};
use arrow::error::ArrowError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::check::{Check, Nulls, OnRow, ParamError};
use crate::mask::{RowSet, truths};
use crate::reference::Reference;
use crate::rule::{Bound, Combine, Problem, RowTest, Rows, Rule, Site};
use crate::verdict::{Exactness, Outcome, Status, Verdict};

/// So many parts a rule may have, those of its parts counted.
const MOST: usize = 100;

/// How parts are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    /// All have to pass.
    All,
    /// One has to pass.
    Any,
    /// None may pass.
    None,
}

/// The parts of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    logic: Logic,
    checks: Vec<Check>,
}

/// A rule made of others.
#[derive(Debug)]
pub(crate) struct Made {
    /// A condition in SQL within which they have to hold.
    pub(crate) scope: Option<String>,
    pub(crate) parts: Parts,
}

/// Reads a rule that is made of others and of nothing else.
pub(crate) fn parse(logic: Logic, params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError> {
    Ok(Box::new(Made { scope: None, parts: Parts::parse(logic, params, "rules")? }))
}

impl Rule for Made {
    fn other_columns(&self) -> Vec<&str> {
        self.parts.columns()
    }

    fn predicates(&self) -> Vec<&str> {
        self.parts.predicates()
    }

    fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    fn parts(&self) -> &[Check] {
        &self.parts.checks
    }

    fn references(&self) -> Vec<Reference> {
        self.parts.references()
    }

    fn expected(&self) -> String {
        let parts = self.parts.expected();
        self.scope.as_ref().map_or_else(|| parts.clone(), |scope| format!("where {scope}, {parts}"))
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        self.parts.bind(site)
    }
}

impl Parts {
    /// Reads the parameter `key`: entries as a `checks:` list has them.
    pub(crate) fn parse(logic: Logic, params: &Map<String, Value>, key: &str) -> Result<Self, ParamError> {
        let missing = || ParamError::new(format!("\"{key}\" is missing")).key(key);
        let entries = match params.get(key).ok_or_else(missing)? {
            Value::Array(entries) => entries.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_list = params.get(key).is_some_and(Value::is_array);
        let mut checks = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let place = if is_list { format!("{key}.{at}") } else { key.to_owned() };
            checks.extend(part(entry, &place)?);
        }
        if checks.is_empty() {
            return Err(ParamError::new("there are no rules in it").key(key));
        }
        if checks.iter().map(size).sum::<usize>() > MOST {
            return Err(ParamError::new(format!("it is made of more than {MOST} rules")).key(key));
        }
        Ok(Self { logic, checks })
    }

    /// Whether the parts are put together row by row.
    fn by_row(&self) -> bool {
        self.checks.iter().all(is_plain_row_rule)
    }

    fn columns(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for check in &self.checks {
            for name in check.columns.iter().map(String::as_str).chain(check.rule.other_columns()) {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        all
    }

    /// The conditions of the parts, in their order, where they are put together by row.
    fn predicates(&self) -> Vec<&str> {
        if !self.by_row() {
            return Vec::new();
        }
        self.checks.iter().flat_map(|check| check.rule.predicates()).collect()
    }

    fn references(&self) -> Vec<Reference> {
        self.checks.iter().flat_map(Check::references).collect()
    }

    /// What is expected, in words.
    fn expected(&self) -> String {
        let mut text = match self.logic {
            Logic::All => "all of: ".to_owned(),
            Logic::Any => "any of: ".to_owned(),
            Logic::None => "not: ".to_owned(),
        };
        for (at, check) in self.checks.iter().enumerate() {
            let columns = check.columns.join(", ");
            let gap = if at > 0 { "; " } else { "" };
            let blank = if columns.is_empty() { "" } else { " " };
            let _ = write!(text, "{gap}{columns}{blank}{}", check.rule.expected());
        }
        text
    }

    /// Binds the parts that are put together by row; the others are bound as checks of their own.
    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        if !self.by_row() {
            let envelope = site.envelope;
            let about_rows = [
                ("mostly", envelope.mostly.is_some()),
                ("warn", envelope.warn.is_some()),
                ("nulls", envelope.nulls.is_some()),
                ("on_row", envelope.on_row != OnRow::Keep),
            ];
            let given = about_rows.iter().find(|(_, given)| *given);
            return match given {
                Some((key, _)) => Err(Problem::new(format!("{key} needs parts that all test single rows"))
                    .key(*key)
                    .hint("a part about a figure, or with `mostly`, `where` or `warn` of its own, is judged as a whole")),
                None => Ok(Bound::Parts(Box::new(Whole(self.logic)))),
            };
        }
        let mut first_predicate = 0;
        let mut parts = Vec::with_capacity(self.checks.len());
        for check in &self.checks {
            let predicates = check.rule.predicates().len();
            parts.push(RowPart::bind(check, site, first_predicate..first_predicate + predicates)?);
            first_predicate += predicates;
        }
        Ok(Bound::Rows(Box::new(ByRow { logic: self.logic, parts })))
    }
}

/// Whether a check says of each row whether it passes, and nothing more.
fn is_plain_row_rule(check: &Check) -> bool {
    let envelope = &check.envelope;
    check.def.row_rule()
        && check.rule.tests_rows()
        && envelope.mostly.is_none()
        && envelope.warn.is_none()
        && envelope.filter.is_none()
        && envelope.group_by.is_empty()
        && check.rule.mostly().is_none()
        && check.rule.scope().is_none()
        && check.rule.parts().iter().all(is_plain_row_rule)
}

fn size(check: &Check) -> usize {
    1 + check.rule.parts().iter().map(size).sum::<usize>()
}

/// One entry: a rule's name, or the name with its parameters.
fn part(entry: &Value, place: &str) -> Result<Vec<Check>, ParamError> {
    let (rule, params) = match entry {
        Value::String(rule) => (rule.as_str(), &Value::Null),
        Value::Object(map) if map.len() == 1 => {
            let (rule, params) = map.iter().next().ok_or_else(|| ParamError::new("no rule").key(place))?;
            (rule.as_str(), params)
        }
        _ => {
            return Err(ParamError::new("a part is one rule with its parameters")
                .key(place)
                .hint("for example: `- not_null: email`"));
        }
    };
    let checks = Check::parse(rule, params).map_err(|error| {
        let known_rule = crate::rule_named(rule).is_some();
        let inner = error.key.as_ref().map_or_else(String::new, |key| format!(".{key}"));
        let key = if known_rule { format!("{place}.{rule}{inner}") } else { place.to_owned() };
        ParamError { key: Some(key), ..error }
    })?;
    for check in &checks {
        let wrong = |message: String| ParamError::new(message).key(format!("{place}.{rule}"));
        if check.columns.iter().any(|column| column.contains('*')) {
            return Err(wrong("a part has to name its columns, not a pattern".into()));
        }
        if check.envelope.on_row != OnRow::Keep {
            return Err(wrong("what happens to rows is said beside the parts, not in one".into()));
        }
        if check.query().is_some() {
            return Err(wrong("a part cannot be a query".into()));
        }
        if check.values_file().is_some() {
            return Err(wrong("a part cannot read its values from a file".into()));
        }
    }
    Ok(checks)
}

/// The schema of a list of parts.
pub(crate) struct PartList;

impl JsonSchema for PartList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Parts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let entry = json!({"type": ["object", "string"], "description": "A rule with its parameters, as in `checks:`."});
        json_schema!({"type": ["array", "object"], "items": entry, "minItems": 1})
    }
}

/// Parts put together row by row.
#[derive(Debug)]
struct ByRow {
    logic: Logic,
    parts: Vec<RowPart>,
}

/// A row rule bound as a part.
#[derive(Debug)]
struct RowPart {
    test: Box<dyn RowTest>,
    /// Positions among the columns that the whole is handed.
    columns: Vec<usize>,
    /// Positions among its conditions.
    predicates: std::ops::Range<usize>,
    nulls: Nulls,
}

impl RowPart {
    fn bind(check: &Check, site: &mut Site<'_>, predicates: std::ops::Range<usize>) -> Result<Self, Problem> {
        let typed = |name: &str| -> Result<_, Problem> {
            let field = site.schema.field_with_name(name);
            let field = field.map_err(|_| Problem::no_column(name, site.schema))?;
            Ok((name.to_owned(), field.data_type().clone()))
        };
        let named = |problem: Problem| Problem {
            message: format!("{}: {}", check.id(), problem.message),
            key: None,
            ..problem
        };
        let own = check.columns.iter().map(|name| typed(name)).collect::<Result<Vec<_>, _>>()?;
        let others = check.rule.other_columns();
        let others = others.into_iter().map(typed).collect::<Result<Vec<_>, _>>()?;
        let mut child = Site {
            columns: &own,
            others: &others,
            schema: site.schema,
            envelope: &check.envelope,
            references: site.references,
            redacted: site.redacted,
            request: &mut *site.request,
        };
        let bound = check.rule.bind(&mut child).map_err(named)?;
        let Bound::Rows(test) = bound else {
            return Err(Problem::new(format!("{} does not test single rows", check.id())));
        };
        let place = |(name, _): &(String, _)| {
            let missing = || Problem::new(format!("no column \"{name}\"")).unknown(name);
            site.position(name).ok_or_else(missing)
        };
        let columns = own.iter().chain(&others).map(place).collect::<Result<Vec<_>, _>>()?;
        let nulls = check.envelope.nulls.unwrap_or(test.default_nulls());
        Ok(Self { test, columns, predicates, nulls })
    }

    /// Which rows pass, by the part's own null policy.
    fn outcome(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let columns = self.columns.iter().map(|at| rows.at(*at).cloned());
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let predicates = rows.predicates.get(self.predicates.clone()).unwrap_or_default();
        let outcome = self.test.test(&Rows { columns: &columns, predicates, now: rows.now })?;
        let unknown = RowSet::all(outcome.len()).and_valid(outcome.nulls());
        Ok(match self.nulls {
            _ if unknown.count() == outcome.len() => outcome,
            Nulls::Skip => outcome,
            Nulls::Fail => BooleanArray::new(truths(&outcome), None),
            Nulls::Pass => BooleanArray::new(&truths(&outcome) | &!&unknown.to_mask(), None),
        })
    }
}

impl RowTest for ByRow {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let missing = || ArrowError::InvalidArgumentError("a rule without parts was bound".into());
        let (first, rest) = self.parts.split_first().ok_or_else(missing)?;
        let together = if self.logic == Logic::All { and_kleene } else { or_kleene };
        let all = rest
            .iter()
            .try_fold(first.outcome(rows)?, |so_far, part| together(&so_far, &part.outcome(rows)?))?;
        if self.logic == Logic::None { not(&all) } else { Ok(all) }
    }
}

/// Parts judged one by one.
#[derive(Debug)]
struct Whole(Logic);

impl Combine for Whole {
    fn combine(&self, parts: &[Verdict]) -> Outcome {
        if let Some(broken) = parts.iter().find(|part| part.status == Status::Error) {
            return Outcome::error(format!("{}: {}", broken.id, broken.observed_text));
        }
        let judged = || parts.iter().filter(|part| part.status != Status::Skipped);
        let all = judged().count();
        if all == 0 {
            let why = parts.first().map_or("no parts", |part| part.observed_text.as_str());
            return Outcome::skipped(why);
        }
        let failed: Vec<&Verdict> = judged().filter(|part| part.status == Status::Fail).collect();
        let passed = all - failed.len();
        let milder =
            if judged().any(|part| part.status == Status::Warn) { Status::Warn } else { Status::Pass };
        let unless = |failing: bool| if failing { Status::Fail } else { milder };
        let status = match self.0 {
            Logic::All => unless(!failed.is_empty()),
            Logic::Any if judged().any(|part| part.status == Status::Pass) => Status::Pass,
            Logic::Any => unless(passed == 0),
            Logic::None => unless(passed > 0),
        };
        let shown = |part: &Verdict| json!({"id": part.id, "status": part.status, "observed": part.observed});
        let observed: Vec<Value> = parts.iter().map(shown).collect();
        let telling: Vec<String> = match self.0 {
            Logic::None => judged().map(|part| format!("{}: {}", part.id, part.observed_text)).collect(),
            _ => failed.iter().map(|part| format!("{}: {}", part.id, part.observed_text)).collect(),
        };
        let text = match (self.0, failed.len()) {
            (Logic::None, _) => telling.join("; "),
            (_, 0) => format!("all {all} parts pass"),
            (_, n) => format!("{n} of {all} parts fail: {}", telling.join("; ")),
        };
        let exactness = judged().map(|part| part.exactness).find(|exactness| *exactness != Exactness::Exact);
        let counts = |count: fn(&Verdict) -> u64| judged().map(count).max().unwrap_or_default();
        Outcome::new(status, observed, text)
            .counts(counts(|part| part.n_evaluated), counts(|part| part.n_null))
            .exactness(exactness.unwrap_or(Exactness::Exact))
    }
}
