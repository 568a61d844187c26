//! The checks of a plan: read with their files, bound to the rows they will see.

use std::sync::Arc;

use lockgate_rules::{
    Check, Delivered, Gathered, KeySet, OnRow, OtherColumns, OtherRows, References, Suite, Want,
};
use polars::prelude::{PlSmallStr, Schema};

use super::{Node, Plan, visible};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::expr::Expression;
use crate::spec::{self, CheckPlace, CheckSpec, Parsed, Spanned, did_you_mean};
use crate::validate::{Tap, ValueFiles};

/// The checks that are written down, and those the contract implies.
pub(super) fn source_checks(
    source: &spec::Source,
    files: &mut ValueFiles<'_>,
) -> Result<Vec<(Check, CheckPlace)>> {
    let mut all = checks(&source.checks, files)?;
    for (name, column) in source.schema.iter().flat_map(|contract| contract.columns.iter()) {
        if !column.nullable {
            let params = serde_json::json!({"column": name.value, "id": format!("contract.{}", name.value)});
            let implied = Check::parse("not_null", &params).map_err(|error| {
                Error::wrong(format!("column \"{}\" cannot be required", name.value))
                    .at(name.span)
                    .because(error)
            })?;
            all.extend(implied.into_iter().map(|check| (check, CheckPlace::implied(name.span))));
        }
    }
    Ok(all)
}

/// The checks that are written down, with the values of their files.
pub(super) fn checks(
    specs: &[Parsed<CheckSpec>],
    files: &mut ValueFiles<'_>,
) -> Result<Vec<(Check, CheckPlace)>> {
    let mut all = Vec::new();
    for spec in specs {
        let place = spec.place();
        for check in &spec.checks {
            all.push((files.fill(check, spec)?, place.clone()));
        }
    }
    Ok(all)
}

/// Keys and rows without any for what the checks of `node` refer to: enough to bind them. A reference to a
/// table or column that is not there is left out.
pub fn planned_references(plan: &Plan, node: &Node) -> Result<References> {
    let mut references = References::default();
    for reference in node.checks.iter().flat_map(|(check, _)| check.references()) {
        let Some(other) = plan.nodes.iter().find(|other| other.name == reference.dataset) else { continue };
        let schema = bridge::arrow_schema(&visible(&other.schema))?;
        let OtherColumns::Named(names) = &reference.columns else {
            let rows = OtherRows { schema, batches: Vec::new() };
            references.insert(reference, Gathered::Rows(Arc::new(rows)));
            continue;
        };
        let places: Option<Vec<usize>> = names.iter().map(|name| schema.index_of(name).ok()).collect();
        let Some(schema) = places.and_then(|places| schema.project(&places).ok()) else { continue };
        let gathered = match reference.want {
            Want::Rows | Want::Schema => {
                Gathered::Rows(Arc::new(OtherRows { schema: schema.into(), batches: Vec::new() }))
            }
            Want::Keys => {
                let types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
                let Ok(keys) = KeySet::new(&types) else { continue };
                Gathered::Keys(Arc::new(keys))
            }
        };
        references.insert(reference, gathered);
    }
    Ok(references)
}

/// What is wrong with what a check refers to.
fn reference_error(plan: &Plan, reference: &lockgate_rules::Reference, place: &CheckPlace) -> Option<Error> {
    let span_of = |name: &str| place.of_text(name).unwrap_or(place.span);
    let Some(other) = plan.nodes.iter().find(|other| other.name == reference.dataset) else {
        let names = plan.nodes.iter().map(|node| node.name.as_str());
        let wrong = Error::wrong(format!("no source or table \"{}\"", reference.dataset))
            .at(span_of(&reference.dataset));
        return Some(wrong.hint(did_you_mean(&reference.dataset, names, "there are")));
    };
    let schema = visible(&other.schema);
    let OtherColumns::Named(names) = &reference.columns else { return None };
    let absent = names.iter().find(|name| schema.get(name.as_str()).is_none())?;
    let columns = schema.iter_names().map(PlSmallStr::as_str);
    let wrong = Error::wrong(format!("\"{}\" has no column \"{absent}\"", other.name)).at(span_of(absent));
    Some(wrong.hint(did_you_mean(absent, columns, "it has")))
}

/// What is wrong with what a check asks of the files that rows come from.
fn delivery_error(plan: &Plan, node: usize, check: &Check) -> Option<Error> {
    let wanted = check.delivered()?;
    let Some(scan) = plan.scan(node) else {
        let wrong = format!("\"{}\" is a table, whose rows come from no files", plan.nodes[node].name);
        return Some(Error::wrong(wrong).hint("check the source, or a column"));
    };
    let (Delivered::Partition(name), Some(file)) = (wanted, scan.files().first()) else { return None };
    let names = || file.partition.iter().map(|(name, _)| name.as_str());
    if names().any(|known| known == name) {
        return None;
    }
    let wrong = Error::wrong(format!("source \"{}\" has no partition column \"{name}\"", scan.name()));
    Some(match names().next() {
        Some(_) => wrong.hint(did_you_mean(name, names(), "it is partitioned by")),
        None => wrong.hint("it has no partition folders; use `files: true`, or a column"),
    })
}

/// Checks of nulls that would not see the nulls another check makes: row rules look at rows as the steps
/// made them.
fn unseen_nulls(node: &Node) -> Vec<Error> {
    // One that takes rows out is about the rows as they come.
    let is_promise = |check: &Check| {
        let is_about_nulls = matches!(check.rule(), "not_null" | "completeness" | "missing");
        is_about_nulls && check.envelope().on_row == OnRow::Keep
    };
    let meet = |a: &String, b: &String| a == b || a.contains('*') || b.contains('*');
    let makers = || node.checks.iter().filter(|(check, _)| check.envelope().on_row == OnRow::NullOut);
    let maker_of =
        |column: &String| makers().find(|(maker, _)| maker.columns().iter().any(|other| meet(column, other)));
    let unseen = |(check, place): &(Check, CheckPlace)| {
        let (column, (maker, _)) =
            check.columns().iter().find_map(|column| maker_of(column).map(|maker| (column, maker)))?;
        let wrong = format!(
            "\"{}\" looks at column \"{column}\" before \"{}\" makes values of it null",
            check.rule(),
            maker.rule()
        );
        let hint = "keep such rows apart with `on_row: drop` or `quarantine`, or check nulls in a table made from \
                    this one";
        Some(Error::wrong(wrong).at(place.span).hint(hint))
    };
    node.checks.iter().filter(|(check, _)| is_promise(check)).filter_map(unseen).collect()
}

/// What is wrong with the checks of a node.
pub(super) fn check_errors(plan: &Plan, index: usize) -> Vec<Error> {
    let node = &plan.nodes[index];
    let wrong_references: Vec<Error> = node
        .checks
        .iter()
        .flat_map(|(check, place)| check.references().into_iter().map(move |reference| (reference, place)))
        .filter_map(|(reference, place)| reference_error(plan, &reference, place))
        .collect();
    if !wrong_references.is_empty() {
        return wrong_references;
    }
    let wrong = node
        .checks
        .iter()
        .filter_map(|(check, place)| Some((delivery_error(plan, index, check)?, place.span)));
    let mut errors: Vec<Error> = wrong.map(|(error, span)| error.at(span)).collect();
    errors.extend(unseen_nulls(node));
    let schema = match bridge::arrow_schema(&visible(&node.schema)) {
        Ok(schema) => schema,
        Err(error) => return vec![error.at(node.span)],
    };
    let references = match planned_references(plan, node) {
        Ok(references) => references,
        Err(error) => return vec![error.at(node.span)],
    };
    if let Err(wrong) = plan.suite(index, &schema, references) {
        errors.extend(wrong.into_iter().map(|wrong| {
            let place = &node.checks[wrong.check].1;
            let named = wrong.unknown.as_deref().and_then(|name| place.of_text(name));
            let at_key = || wrong.key.as_deref().map_or(place.span, |key| place.of_key(key));
            let error = Error::wrong(wrong.message).at(named.unwrap_or_else(at_key));
            match wrong.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }));
    }
    for (check, place) in &node.checks {
        for predicate in check.predicates() {
            let span = place.of_text(&predicate).unwrap_or(place.span);
            let text = Spanned { value: predicate, span };
            let bound = Expression::parse(&text).and_then(|predicate| predicate.bind_predicate(&node.schema));
            errors.extend(bound.err().map(|error| error.at(span)));
        }
    }
    errors
}

/// Predicates of a suite over rows of `schema`, in the order of its inputs, each under a name of its own:
/// Polars names an expression by the column it begins with, and two may begin with the same.
pub fn predicates(suite: &Suite, schema: &Schema) -> Result<Vec<polars::prelude::Expr>> {
    let texts = Tap::predicates_of(suite).into_iter().enumerate();
    let bound = texts.map(|(at, text)| {
        let text = Spanned { value: text, span: spec::Span::default() };
        Ok(Expression::parse(&text)?.bind_predicate(schema)?.alias(format!("predicate {at}")))
    });
    bound.collect()
}
