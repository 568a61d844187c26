//! Binding: names and types are resolved here, so that nothing can fail on them later.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};

use super::grouping::Unbound;
use super::{BindError, BoundCheck, Input, PlannedMeasure, SampleColumn, Suite, Way};
use crate::check::{Check, OnRow};
use crate::keys::KeyKind;
use crate::literal::type_name;
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
        let redacted = checks.iter().flat_map(Check::redacted).cloned().collect();
        Self::bind_redacting(checks, schema, &references, profiled, redacted)
    }

    /// The same where the values of these columns are not shown.
    pub(super) fn bind_redacting(
        checks: Vec<Check>,
        schema: &Schema,
        references: &References,
        profiled: &[(String, Depth)],
        redacted: Vec<String>,
    ) -> Result<Self, Vec<BindError>> {
        let mut binding = Binding {
            schema,
            references,
            columns: Vec::new(),
            predicates: Vec::new(),
            measures: Vec::new(),
            parts: Vec::new(),
            groupings: Vec::new(),
            keys: key_columns(&checks, schema),
            redacted,
        };
        let (mut bound, mut errors) = (Vec::new(), twice_named(&checks));
        for (at, check) in checks.into_iter().enumerate() {
            let all = expand(check, schema).and_then(|checks| {
                checks.into_iter().map(|check| binding.bind(check, at)).collect::<Result<Vec<_>, _>>()
            });
            match all {
                Ok(all) => bound.extend(all),
                Err(Problem { key, unknown, message, hint }) => {
                    errors.push(BindError { check: at, key, unknown, message, hint });
                }
            }
        }
        let mut groupings = Vec::new();
        for grouping in std::mem::take(&mut binding.groupings) {
            match grouping.bind(&mut binding) {
                Ok(grouping) => groupings.push(grouping),
                Err(wrong) => errors.extend(wrong),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for (column, depth) in profiled {
            binding.profile(column, *depth);
        }
        name_apart(&mut bound);
        let Binding { columns, predicates, measures, parts, .. } = binding;
        let shown = bound.len();
        bound.extend(parts);
        for check in &mut bound {
            if let Way::Parts(_, parts) = &mut check.way {
                for part in parts {
                    *part += shown;
                }
            }
        }
        let inputs = columns.iter().cloned().map(Input::Column);
        let inputs = inputs.chain(predicates.iter().cloned().map(Input::Predicate)).collect();
        Ok(Self { checks: bound, shown, inputs, columns, predicates, measures, groupings })
    }
}

/// What binding has gathered so far.
pub(super) struct Binding<'a> {
    pub(super) schema: &'a Schema,
    pub(super) references: &'a References,
    columns: Vec<String>,
    predicates: Vec<String>,
    measures: Vec<PlannedMeasure>,
    /// Checks that are parts of others.
    parts: Vec<BoundCheck>,
    groupings: Vec<Unbound>,
    keys: Vec<String>,
    /// Columns that some check redacts.
    pub(super) redacted: Vec<String>,
}

impl Binding<'_> {
    /// Binds a check that stands at a position of the list.
    fn bind(&mut self, check: Check, position: usize) -> Result<BoundCheck, Problem> {
        if !check.envelope.group_by.is_empty() {
            return self.bind_grouped(check, position);
        }
        let rule = Arc::clone(&check.rule);
        let envelope = check.envelope.clone();
        let scope = check.scope();
        let own = check.columns.iter().map(|name| self.typed(name).map_err(|p| p.key("column")));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        let others =
            rule.other_columns().into_iter().map(|name| self.typed(name)).collect::<Result<Vec<_>, _>>()?;
        let filter = scope.as_deref().map(|filter| self.predicate(filter));
        let predicates = rule.predicates().into_iter().map(|text| self.predicate(text)).collect();
        let mut requested = Vec::new();
        let (schema, references) = (self.schema, self.references);
        let redacted = self.redacted.clone();
        let mut request = |what: What, columns: Vec<String>| {
            let spec = Spec { what, columns, filter: scope.clone() };
            let at = self.measure(spec, filter);
            requested.push(at);
            at
        };
        let mut site = Site {
            columns: &own,
            others: &others,
            schema,
            envelope: &envelope,
            references,
            redacted: &redacted,
            request: &mut request,
        };
        let way = match rule.bind(&mut site)? {
            Bound::Rows(test) => Way::Rows(test),
            Bound::Whole(judge) => Way::Whole(judge),
            Bound::Parts(together) => Way::Parts(together, self.bind_parts(&check, position)?),
        };
        let samples = self.samples(&check, &own, &requested)?;
        if let Way::Whole(_) = way {
            for at in &requested {
                self.show_rows(*at, envelope.samples.rows, &samples);
            }
        }
        if let Way::Rows(test) = &way
            && test.tests_nulls()
            && envelope.nulls.is_some()
        {
            return Err(Problem::new(format!(
                "nulls does not apply to {}, which is about nulls",
                check.rule()
            ))
            .key("nulls"));
        }
        let columns = match &way {
            // What its parts read, they read themselves.
            Way::Parts(..) => Vec::new(),
            _ => own.iter().chain(&others).map(|(name, _)| self.column(name)).collect(),
        };
        let id = check.id();
        Ok(BoundCheck {
            check,
            id,
            way,
            columns,
            filter,
            predicates,
            samples,
            measures: requested,
            measured: true,
        })
    }

    /// Binds the parts of a check as checks of their own; gives their positions among the parts.
    fn bind_parts(&mut self, check: &Check, position: usize) -> Result<Vec<usize>, Problem> {
        let mut places = Vec::new();
        for (part, unscoped) in check.scoped_parts().into_iter().zip(check.rule.parts()) {
            let id = unscoped.id();
            let bound = self.bind(part, position).map_err(|problem| Problem {
                message: format!("{id}: {}", problem.message),
                key: None,
                ..problem
            })?;
            self.parts.push(BoundCheck { id, ..bound });
            places.push(self.parts.len() - 1);
        }
        Ok(places)
    }

    /// Puts a check to the others of the same groups, which are bound as a suite of their own.
    fn bind_grouped(&mut self, check: Check, position: usize) -> Result<BoundCheck, Problem> {
        let names = check.envelope.group_by.clone();
        for name in &names {
            let (_, data_type) = self.typed(name).map_err(|problem| problem.key("group_by"))?;
            if KeyKind::of(&data_type).is_none() {
                let message =
                    format!("column \"{name}\" is of type {}, which forms no groups", type_name(&data_type));
                return Err(Problem::new(message).key("group_by"));
            }
        }
        if !check.baselines().is_empty() {
            let message = format!("{} compares with the history of all rows", check.rule());
            return Err(Problem::new(message).key("group_by"));
        }
        let grouping = match self.groupings.iter().position(|grouping| grouping.names == names) {
            Some(grouping) => grouping,
            None => {
                self.groupings.push(Unbound { names, checks: Vec::new() });
                self.groupings.len() - 1
            }
        };
        let mut inner = check.clone();
        inner.envelope.group_by.clear();
        let checks = &mut self.groupings[grouping].checks;
        checks.push((inner, position));
        let way = Way::Groups { grouping, check: checks.len() - 1 };
        Ok(BoundCheck {
            id: check.id(),
            check,
            way,
            columns: Vec::new(),
            filter: None,
            predicates: Vec::new(),
            samples: Vec::new(),
            measures: Vec::new(),
            measured: true,
        })
    }

    pub(super) fn typed(&self, name: &str) -> Result<(String, DataType), Problem> {
        let field = self.schema.field_with_name(name).map_err(|_| Problem::no_column(name, self.schema))?;
        Ok((name.to_owned(), field.data_type().clone()))
    }

    fn samples(
        &mut self,
        check: &Check,
        own: &[(String, DataType)],
        requested: &[usize],
    ) -> Result<Vec<SampleColumn>, Problem> {
        let wanted = &check.envelope.samples;
        for name in &wanted.redact {
            self.typed(name).map_err(|problem| problem.key("samples.redact"))?;
        }
        if !check.def.shows_rows() || wanted.rows == 0 {
            return Ok(Vec::new());
        }
        let mut names = if let Some(columns) = &wanted.columns {
            columns.clone()
        } else {
            let of_rule = check.rule.other_columns().into_iter().map(str::to_owned);
            let paired = requested.iter().map(|at| &self.measures[*at].spec);
            let paired = paired.filter(|spec| matches!(spec.what, What::Partners(_)));
            let own = own.iter().map(|(name, _)| name.clone());
            let paired: Vec<String> = paired.flat_map(|spec| spec.columns.clone()).collect();
            self.keys.iter().cloned().chain(own).chain(of_rule).chain(paired).collect()
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

    pub(super) fn column(&mut self, name: &str) -> usize {
        position_or_push(&mut self.columns, name)
    }

    pub(super) fn predicate(&mut self, text: &str) -> usize {
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
        if columns.is_empty()
            || !matches!(
                planned.spec.what,
                What::Groups(_) | What::NullRows | What::FirstRows | What::Partners(_)
            )
        {
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
fn key_columns(checks: &[Check], schema: &Schema) -> Vec<String> {
    let rank = |check: &&Check| match check.rule() {
        "primary_key" => Some(0),
        "unique" => Some(1),
        _ => None,
    };
    let best = checks.iter().filter(|check| rank(check).is_some()).min_by_key(rank);
    let is_known = |name: &&String| schema.field_with_name(name).is_ok();
    best.map(|check| check.columns.iter().filter(is_known).cloned().collect()).unwrap_or_default()
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
            return Err(Problem::new(format!("no column matches \"{pattern}\""))
                .key("column")
                .unknown(pattern));
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
pub fn glob_matches(pattern: &str, name: &str) -> bool {
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

/// Checks that were given the id of an earlier one, by which reports and histories tell them apart.
fn twice_named(checks: &[Check]) -> Vec<BindError> {
    let mut seen = HashSet::new();
    let given = checks.iter().enumerate().filter_map(|(at, check)| Some((at, check.envelope.id.as_ref()?)));
    let twice = given.filter(|(_, id)| !seen.insert(*id));
    let error = |(check, id): (usize, &String)| BindError {
        check,
        key: Some("id".into()),
        unknown: None,
        message: format!("two checks have the id \"{id}\""),
        hint: Some("give each an id of its own, or none".into()),
    };
    twice.map(error).collect()
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
