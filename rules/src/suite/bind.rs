//! Binding: names and types are resolved here, so that nothing can fail on them later.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};

use super::{BindError, BoundCheck, Input, PlannedMeasure, SampleColumn, Suite};
use crate::check::{Check, OnRow};
use crate::measure::{Spec, What};
use crate::profile::Depth;
use crate::reference::References;
use crate::rule::{Bound, Columns, Problem, Site};

impl Suite {
    /// Resolves columns, types and references of checks; all that do not fit are reported together.
    pub fn bind(checks: Vec<Check>, schema: &Schema, references: References) -> Result<Self, Vec<BindError>> {
        Self::bind_profiling(checks, schema, references, &[])
    }

    /// The same, and columns are profiled besides, whatever checks there are. A name that is not in the
    /// schema is left out; the empty name profiles the rows as such.
    #[expect(clippy::needless_pass_by_value, reason = "a suite takes over the key sets it was given")]
    pub fn bind_profiling(
        checks: Vec<Check>,
        schema: &Schema,
        references: References,
        profiled: &[(String, Depth)],
    ) -> Result<Self, Vec<BindError>> {
        let mut binding = Binding {
            schema,
            references: &references,
            columns: Vec::new(),
            predicates: Vec::new(),
            measures: Vec::new(),
            keys: key_columns(&checks),
            redacted: checks.iter().flat_map(|check| check.envelope.samples.redact.clone()).collect(),
        };
        let (mut bound, mut errors) = (Vec::new(), Vec::new());
        for (at, check) in checks.into_iter().enumerate() {
            let all = expand(check, schema).and_then(|checks| {
                checks.into_iter().map(|check| binding.bind(check)).collect::<Result<Vec<_>, _>>()
            });
            match all {
                Ok(all) => bound.extend(all),
                Err(Problem { key, message, hint }) => {
                    errors.push(BindError { check: at, key, message, hint });
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for (column, depth) in profiled {
            binding.profile(column, *depth);
        }
        name_apart(&mut bound);
        let Binding { columns, predicates, measures, .. } = binding;
        let inputs = columns.iter().cloned().map(Input::Column);
        let inputs = inputs.chain(predicates.iter().cloned().map(Input::Predicate)).collect();
        Ok(Self { checks: bound, inputs, columns, predicates, measures })
    }
}

/// What binding has gathered so far.
struct Binding<'a> {
    schema: &'a Schema,
    references: &'a References,
    columns: Vec<String>,
    predicates: Vec<String>,
    measures: Vec<PlannedMeasure>,
    keys: Vec<String>,
    /// Columns that some check redacts.
    redacted: Vec<String>,
}

impl Binding<'_> {
    fn bind(&mut self, check: Check) -> Result<BoundCheck, Problem> {
        let rule = Arc::clone(&check.rule);
        let envelope = check.envelope.clone();
        let own = check.columns.iter().map(|name| self.typed(name).map_err(|p| p.key("column")));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        let others =
            rule.other_columns().into_iter().map(|name| self.typed(name)).collect::<Result<Vec<_>, _>>()?;
        let keys = self.keys_for(&check)?;
        let filter = envelope.filter.as_deref().map(|filter| self.predicate(filter));
        let predicate = rule.predicate().map(|predicate| self.predicate(predicate));
        let samples = self.samples(&check, &own)?;

        let mut requested = Vec::new();
        let schema = self.schema;
        let mut request = |what: What, columns: Vec<String>| {
            let spec = Spec { what, columns, filter: envelope.filter.clone() };
            let at = self.measure(spec, filter);
            requested.push(at);
            at
        };
        let mut site =
            Site { columns: &own, others: &others, schema, envelope: &envelope, keys, request: &mut request };
        let bound = rule.bind(&mut site)?;
        if let Bound::Whole(_) = bound {
            for at in &requested {
                self.show_rows(*at, envelope.samples.rows, &samples);
            }
        }
        if let Bound::Rows(test) = &bound
            && test.tests_nulls()
            && envelope.nulls.is_some()
        {
            return Err(Problem::new(format!(
                "nulls does not apply to {}, which is about nulls",
                check.rule()
            ))
            .key("nulls"));
        }
        let columns = own.iter().chain(&others).map(|(name, _)| self.column(name)).collect();
        let id = check.id();
        Ok(BoundCheck {
            check,
            id,
            bound,
            columns,
            filter,
            predicate,
            samples,
            measures: requested,
            measured: true,
        })
    }

    fn typed(&self, name: &str) -> Result<(String, DataType), Problem> {
        let field = self.schema.field_with_name(name).map_err(|_| {
            let known: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
            Problem::new(format!("no column \"{name}\""))
                .hint(format!("the columns are {}", known.join(", ")))
        })?;
        Ok((name.to_owned(), field.data_type().clone()))
    }

    fn keys_for(&self, check: &Check) -> Result<Option<Arc<crate::reference::KeySet>>, Problem> {
        let Some(reference) = check.reference() else { return Ok(None) };
        let found = self.references.get(&reference).cloned();
        let missing =
            || Problem::new(format!("the keys of \"{}\" were not gathered", reference.dataset)).key("to");
        found.ok_or_else(missing).map(Some)
    }

    fn samples(&mut self, check: &Check, own: &[(String, DataType)]) -> Result<Vec<SampleColumn>, Problem> {
        let wanted = &check.envelope.samples;
        if !check.def.shows_rows() || wanted.rows == 0 {
            return Ok(Vec::new());
        }
        let mut names = if let Some(columns) = &wanted.columns {
            columns.clone()
        } else {
            let of_rule = check.rule.other_columns().into_iter().map(str::to_owned);
            self.keys.iter().cloned().chain(own.iter().map(|(name, _)| name.clone())).chain(of_rule).collect()
        };
        if names.is_empty() {
            names = self.schema.fields().iter().take(8).map(|field| field.name().clone()).collect();
        }
        let mut columns: Vec<SampleColumn> = Vec::new();
        for name in names {
            self.typed(&name).map_err(|problem| problem.key("samples.columns"))?;
            let column = self.column(&name);
            if columns.iter().all(|known| known.column != column) {
                // A check that does not name its columns must not show what another keeps back.
                let unasked = wanted.columns.is_none() && self.redacted.contains(&name);
                let redact = unasked || wanted.redact.contains(&name);
                columns.push(SampleColumn { name, column, redact });
            }
        }
        Ok(columns)
    }

    fn column(&mut self, name: &str) -> usize {
        position_or_push(&mut self.columns, name)
    }

    fn predicate(&mut self, text: &str) -> usize {
        position_or_push(&mut self.predicates, text)
    }

    /// The position of a measure: one that is planned and answers it, else a new one.
    fn measure(&mut self, spec: Spec, filter: Option<usize>) -> usize {
        if let Some(at) = self.measures.iter().position(|planned| spec.answered_by(&planned.spec)) {
            return at;
        }
        if let Some(at) = self.measures.iter().position(|planned| planned.spec.answered_by(&spec)) {
            self.measures[at].spec = spec;
            return at;
        }
        let columns = spec.columns.iter().map(|name| self.column(name)).collect();
        let types = spec.columns.iter().filter_map(|name| self.typed(name).ok()).map(|(_, t)| t).collect();
        let (sample_rows, shown) = (0, Vec::new());
        let redacted = spec.columns.iter().any(|name| self.redacted.contains(name));
        self.measures.push(PlannedMeasure {
            spec,
            columns,
            types,
            filter,
            measured: true,
            profiled: false,
            redacted,
            sample_rows,
            shown,
        });
        self.measures.len() - 1
    }

    /// Has a column profiled in any case.
    fn profile(&mut self, column: &str, depth: Depth) {
        let columns = if column.is_empty() { Vec::new() } else { vec![column.to_owned()] };
        if columns.iter().all(|name| self.typed(name).is_ok()) {
            let at = self.measure(Spec { what: What::Profile(depth), columns, filter: None }, None);
            self.measures[at].profiled = true;
        }
    }

    /// Has a measure of keys, or of their nulls, keep rows for the samples of a check.
    fn show_rows(&mut self, measure: usize, rows: usize, columns: &[SampleColumn]) {
        let planned = &mut self.measures[measure];
        if columns.is_empty() || !matches!(planned.spec.what, What::Groups(_) | What::NullRows) {
            return;
        }
        planned.sample_rows = planned.sample_rows.max(rows);
        for wanted in columns {
            match planned.shown.iter_mut().find(|known| known.column == wanted.column) {
                Some(known) => known.redact &= wanted.redact,
                None => planned.shown.push(wanted.clone()),
            }
        }
    }
}

fn position_or_push(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// The columns that identify rows, as the suite's own key checks say; samples show them.
fn key_columns(checks: &[Check]) -> Vec<String> {
    let rank = |check: &&Check| match check.rule() {
        "primary_key" => Some(0),
        "unique" => Some(1),
        _ => None,
    };
    let best = checks.iter().filter(|check| rank(check).is_some()).min_by_key(rank);
    best.map(|check| check.columns.iter().filter(|name| !name.contains('*')).cloned().collect())
        .unwrap_or_default()
}

/// Replaces globs by the columns they match.
fn expand(check: Check, schema: &Schema) -> Result<Vec<Check>, Problem> {
    let known = |name: &String| schema.field_with_name(name).is_ok();
    if check.columns.iter().all(|name| known(name) || !name.contains('*')) {
        return Ok(vec![check]);
    }
    let mut columns: Vec<String> = Vec::new();
    for pattern in &check.columns {
        if known(pattern) || !pattern.contains('*') {
            columns.push(pattern.clone());
            continue;
        }
        let names = schema.fields().iter().map(|field| field.name());
        let found: Vec<&String> = names.filter(|name| glob_matches(pattern, name)).collect();
        if found.is_empty() {
            return Err(Problem::new(format!("no column matches \"{pattern}\"")).key("column"));
        }
        let fresh: Vec<String> = found.into_iter().filter(|name| !columns.contains(name)).cloned().collect();
        columns.extend(fresh);
    }
    if !matches!(check.def.columns, Columns::One | Columns::OneOrNone) {
        return Ok(vec![Check { columns, ..check }]);
    }
    Ok(columns
        .into_iter()
        .map(|column| {
            let mut one = Check { columns: vec![column], ..check.clone() };
            if let Some(id) = &mut one.envelope.id {
                *id = format!("{id}.{}", one.columns.join("."));
            }
            one
        })
        .collect())
}

/// Whether a name matches a pattern in which `*` stands for any characters.
fn glob_matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Numbers checks that would otherwise have the same name.
fn name_apart(checks: &mut [BoundCheck]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for check in checks {
        let times = seen.entry(check.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            check.id = format!("{} #{times}", check.id);
        }
    }
}

impl BoundCheck {
    /// Whether it takes rows or values out.
    pub(super) fn alters_rows(&self) -> bool {
        self.check.envelope.on_row != OnRow::Keep
    }
}
