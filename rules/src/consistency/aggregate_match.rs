//! `aggregate_match`: an aggregate is that of another dataset, as a whole or key by key.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use crate::amount::{Aggregate, Amount};
use crate::check::ParamError;
use crate::literal::{Family, Literal, type_name};
use crate::measure::{
    Accumulated, Accumulator, EachKey, MOST_KEYS, OfKey, RELATIVE_ERROR, Readings, What, over, unpacked,
};
use crate::other::{Dataset, Pair, Pairs, other_type, rows_of};
use crate::reference::{self, OtherRows, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, grouped, judge, short};
use crate::verdict::{Exactness, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "aggregate_match",
    aliases: &[],
    dimension: "consistency",
    summary: "An aggregate (sum, count, mean, …) is that of another dataset, as a whole or key by key.",
    definition: "`fn` over the values of `column` that are not null, here and there: `sum`, `min`, `max`, `mean`, \
                 `distinct_count`, and `count`, which without a column counts rows. Sums of whole numbers and decimals \
                 are exact whatever their scale, and so is whether two means of them are equal; floats are added \
                 exactly and rounded once. The figure judged is |here − there|, in seconds for dates and timestamps \
                 (zones are instants), up to `tolerance` (0); with `relative` it is |here − there| ÷ |there| \
                 (dbt_expectations divides by the same side, Soda's reconciliation likewise). `warn` limits the same \
                 figure. With `by` the figure is judged for each key, null being a key as in SQL's GROUP BY, and the \
                 check is as bad as its worst key; a key that only one side has fails, as does an aggregate that has \
                 no values (null in SQL) on one side only; none on either side agree. NaN agrees with NaN only. Lists \
                 the first 20 keys that differ, missing ones first, then the largest differences. More than 100,000 \
                 keys are an error. `distinct_count` by key is exact up to 16,384 values a key. Without rows on either \
                 side the check is skipped.",
    example: Example {
        yaml: "aggregate_match: {fn: sum, column: population, by: name, to: {source: cities}, tolerance: 1}",
        params: r#"{"fn": "sum", "column": "population", "by": "name", "to": {"source": "cities"}, "tolerance": 1}"#,
        input: "name:utf8,population:int64\nBern,100\nBern,35\nBasel,171\n,\nZürich,423\n",
        status: "fail",
        observed: "1 of 4 keys differs: Basel 171 here, 173 there",
    },
    cost: Cost::Aggregate,
    shape: Shape::Scalar,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<AggregateMatch>,
    schema: schema_of::<AggregateMatch>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AggregateMatch {
    /// The aggregate.
    #[serde(rename = "fn")]
    function: Function,
    /// The column aggregated: its name, or `{column here: column there}`.
    column: Option<Pairs>,
    /// The dataset compared with.
    to: Dataset,
    /// The columns that make keys: names, or `{column here: column there}`.
    by: Option<Pairs>,
    /// So far the figures may be apart.
    #[schemars(range(min = 0))]
    tolerance: Option<f64>,
    /// So far the figures may be apart, as a share of the figure there.
    #[schemars(range(min = 0))]
    relative: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Function {
    Count,
    Sum,
    Min,
    Max,
    Mean,
    DistinctCount,
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::DistinctCount => "distinct_count",
        }
    }

    fn aggregate(self) -> Aggregate {
        match self {
            Self::Count => Aggregate::Count,
            Self::Sum => Aggregate::Sum,
            Self::Min => Aggregate::Min,
            Self::Max => Aggregate::Max,
            Self::Mean => Aggregate::Mean,
            Self::DistinctCount => Aggregate::DistinctCount,
        }
    }

    fn measure(self, by_key: bool) -> What {
        match self {
            Self::Count => What::Rows,
            Self::Sum | Self::Mean => What::Moments(1),
            Self::Min | Self::Max => What::Extremes,
            Self::DistinctCount if by_key => What::Distinct,
            Self::DistinctCount => What::Groups(false),
        }
    }

    fn fits(self, family: Family) -> bool {
        match self {
            Self::Count => true,
            Self::Sum | Self::Mean => family.is_number(),
            Self::Min | Self::Max => family.is_number() || family == Family::Time,
            Self::DistinctCount => !matches!(family, Family::List | Family::Other),
        }
    }
}

/// The names of the one column that is aggregated, here and there.
fn one(column: &Pairs) -> Option<(&str, &str)> {
    column.here().into_iter().zip(column.there()).next()
}

impl AggregateMatch {
    fn limits(&self) -> Limits {
        let max = Number::from_f64(self.relative.or(self.tolerance).unwrap_or(0.0));
        Limits { min: None, max: max.map(Literal::Number) }
    }

    fn reference(&self) -> Reference {
        let mut names: Vec<String> = Vec::new();
        for name in self.by.iter().chain(&self.column).flat_map(Pairs::there) {
            if names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
        self.to.rows(reference::Columns::Named(names))
    }

    /// In words: `sum(price)`.
    fn aggregate_text(&self) -> String {
        let column = self.column.as_ref().and_then(one).map_or("", |(here, _)| here);
        format!("{}({column})", self.function.name())
    }

    /// Refuses a type without the aggregate; gives the types here and there.
    fn types(&self, site: &Site<'_>, rows: &OtherRows) -> Result<Option<(DataType, DataType)>, Problem> {
        let Some((here, there)) = self.column.as_ref().and_then(one) else { return Ok(None) };
        let types = (site.other(here)?, other_type(rows, there, "column")?);
        for (name, data_type) in [(here, types.0), (there, types.1)] {
            if !self.function.fits(Family::of(data_type)) {
                let (shown, function) = (type_name(data_type), self.function.name());
                let message = format!("column \"{name}\" is of type {shown}, which has no {function}");
                return Err(Problem::new(message).key("fn"));
            }
        }
        if matches!(self.function, Function::Min | Function::Max) {
            Pair::of_values((here, types.0), (there, types.1), "column")?;
        }
        Ok(Some((types.0.clone(), types.1.clone())))
    }
}

impl Rule for AggregateMatch {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate()?;
        if let Some(by) = &self.by {
            by.validate("by")?;
        }
        match &self.column {
            Some(column) => {
                column.validate("column")?;
                if column.here().len() > 1 {
                    return Err(ParamError::new("more than one column is named").key("column"));
                }
            }
            None if self.function == Function::Count => {}
            None => {
                let message = format!("{} needs a column", self.function.name());
                return Err(ParamError::new(message).key("column"));
            }
        }
        if self.tolerance.is_some() && self.relative.is_some() {
            return Err(ParamError::new("tolerance stands beside relative").key("relative").hint("keep one"));
        }
        match self.relative.or(self.tolerance) {
            Some(most) if most < 0.0 => Err(ParamError::new("a tolerance is below 0").key("tolerance")),
            _ => Ok(()),
        }
    }

    fn other_columns(&self) -> Vec<&str> {
        let mut names = self.by.as_ref().map(Pairs::here).unwrap_or_default();
        if let Some((here, _)) = self.column.as_ref().and_then(one)
            && !names.contains(&here)
        {
            names.push(here);
        }
        names
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.reference())
    }

    fn about(&self) -> Option<String> {
        let by = self.by.as_ref().map(|by| format!(" by {}", by.here().join(", "))).unwrap_or_default();
        Some(format!("{}{by}, {}", self.aggregate_text(), self.to.name()))
    }

    fn expected(&self) -> String {
        let by = self.by.as_ref().map(|by| format!(" by {}", by.here().join(", "))).unwrap_or_default();
        let same = format!("{} of {}{by}", self.aggregate_text(), self.to.name());
        match (self.relative, self.tolerance.unwrap_or(0.0)) {
            (Some(share), _) => format!("{same}, up to a share of {share}"),
            (None, 0.0) => same,
            (None, most) => format!("{same}, up to {most}"),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let rows = rows_of(site, &self.reference())?;
        let types = self.types(site, &rows)?;
        let mut keys = Vec::new();
        for (here, there) in self.by.iter().flat_map(|by| by.here().into_iter().zip(by.there())) {
            let other = other_type(&rows, there, "by")?;
            keys.push(Pair::of_keys((here, site.other(here)?), (there, other), "by")?);
        }
        let column = self.column.as_ref().and_then(one);
        let names = |of: fn(&Pair) -> &String, column: Option<&str>| -> Vec<String> {
            keys.iter().map(of).cloned().chain(column.map(str::to_owned)).collect()
        };
        let (here, there) =
            (names(|pair| &pair.here, column.map(|c| c.0)), names(|pair| &pair.there, column.map(|c| c.1)));
        let what = |of: fn(&Pair) -> crate::align::Align| {
            let what = self.function.measure(!keys.is_empty());
            if keys.is_empty() {
                return what;
            }
            What::ByKey(Box::new(EachKey {
                what,
                keys: keys.iter().map(of).collect(),
                redact: keys.iter().map(|pair| site.is_redacted(&pair.here)).collect(),
            }))
        };
        let (mine, theirs) = (what(|pair| pair.ways.0), what(|pair| pair.ways.1));
        let other = aggregated(&theirs, &there, &rows).map_err(|error| {
            Problem::new(format!("the other dataset cannot be aggregated: {error}")).key("to")
        })?;
        let measure = site.measure(mine, &here);
        Ok(Bound::Whole(Box::new(Reconciled {
            function: self.function,
            relative: self.relative.is_some(),
            limits: self.limits(),
            warn,
            keys: keys.into_iter().map(|pair| pair.here).collect(),
            types,
            other,
            measure,
        })))
    }
}

/// What a measure gives over columns of the other dataset.
fn aggregated(what: &What, names: &[String], rows: &OtherRows) -> Result<Accumulated, ArrowError> {
    let fields = names.iter().map(|name| Ok(rows.schema.field_with_name(name)?.data_type().clone()));
    let types = fields.collect::<Result<Vec<_>, ArrowError>>()?;
    let batches = rows.batches.iter().map(|batch| {
        let column = |name: &String| {
            let missing = || ArrowError::SchemaError(format!("the other dataset has no \"{name}\""));
            unpacked(batch.column_by_name(name).ok_or_else(missing)?)
        };
        Ok((names.iter().map(column).collect::<Result<Vec<_>, _>>()?, batch.num_rows()))
    });
    over(what, &types, batches)
}

#[derive(Debug)]
struct Reconciled {
    function: Function,
    /// Whether differences are shares of the figures there.
    relative: bool,
    limits: Limits,
    warn: Limits,
    /// The columns here that make keys.
    keys: Vec<String>,
    /// The types of the column here and there.
    types: Option<(DataType, DataType)>,
    other: Accumulated,
    measure: usize,
}

/// So many keys that differ are listed.
const LISTED: usize = 20;

/// So many are named in words.
const NAMED: usize = 3;

/// The figures of a key on either side, and how they are judged.
struct Compared {
    key: Vec<Value>,
    here: Option<Amount>,
    there: Option<Amount>,
    /// The side that has the key alone.
    only: Option<&'static str>,
    /// How far apart; infinitely where one side has none.
    difference: Figure,
    status: Status,
}

impl Judge for Reconciled {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(mine) = readings.at(self.measure) else {
            return Outcome::error("the aggregate was not measured");
        };
        if mine.rows == 0 && self.other.rows == 0 {
            return Outcome::skipped("no rows on either side");
        }
        let outcome = match (&mine.accumulator, &self.other.accumulator) {
            (Accumulator::ByKey(here), Accumulator::ByKey(there)) => {
                if here.overflow || there.overflow {
                    let most = grouped(MOST_KEYS as i128);
                    return Outcome::error(format!(
                        "there are more than {most} keys of {}",
                        self.keys.join(", ")
                    ));
                }
                let pairs = here.beside(there).map(|(here, there)| self.compare_keys(here, there));
                let outcome = self.outcome_by_key(pairs.collect());
                if here.beside(there).any(|(here, there)| is_estimate(here) || is_estimate(there)) {
                    outcome.exactness(Exactness::Approx { bound: RELATIVE_ERROR })
                } else {
                    outcome
                }
            }
            _ => self.outcome(&self.compare(Vec::new(), Some(mine), Some(&self.other))),
        };
        outcome.counts(mine.rows, if self.keys.is_empty() { mine.nulls } else { 0 })
    }
}

impl Reconciled {
    fn compare_keys(&self, here: Option<&OfKey>, there: Option<&OfKey>) -> Compared {
        let key = here.or(there).map(|of| of.key.clone()).unwrap_or_default();
        self.compare(key, here.map(|of| &of.all), there.map(|of| &of.all))
    }

    fn compare(&self, key: Vec<Value>, here: Option<&Accumulated>, there: Option<&Accumulated>) -> Compared {
        let aggregate = self.function.aggregate();
        let (mine, theirs) = self.types.as_ref().map(|(mine, theirs)| (mine, theirs)).unzip();
        let only = match (here, there) {
            (Some(_), None) => Some("here"),
            (None, _) => Some("there"),
            _ => None,
        };
        let here = here.and_then(|all| Amount::of(aggregate, all, mine));
        let there = there.and_then(|all| Amount::of(aggregate, all, theirs));
        let difference = match (&here, &there) {
            (Some(here), Some(there)) if self.relative => Figure::Float(here.relative(there)),
            (Some(here), Some(there)) => here.difference(there),
            (None, None) if only.is_none() => Figure::count(0),
            _ => Figure::Float(f64::INFINITY),
        };
        let status = judge(&difference, &self.limits, &self.warn).status;
        Compared { key, here, there, only, difference, status }
    }

    fn outcome(&self, all: &Compared) -> Outcome {
        let share = match &all.difference {
            Figure::Float(share) if self.relative && share.is_finite() && *share > 0.0 => {
                format!(" ({} % apart)", short(share * 100.0))
            }
            _ => String::new(),
        };
        let name = self.function.name();
        let text = format!("{name} {}{share}", all.text());
        let observed = json!({
            "here": shown(all.here.as_ref()), "there": shown(all.there.as_ref()), "difference": all.difference.value(),
        });
        let failed = u64::from(all.status == Status::Fail);
        Outcome::new(all.status, observed, text).failed(failed)
    }

    fn outcome_by_key(&self, all: Vec<Compared>) -> Outcome {
        let keys = all.len();
        let mut apart: Vec<Compared> = all.into_iter().filter(Compared::differs).collect();
        apart.sort_by(Compared::worse_first);
        let beyond = |status: Status| apart.iter().filter(move |key| key.status == status);
        let status = match (beyond(Status::Fail).count(), beyond(Status::Warn).count()) {
            (0, 0) => Status::Pass,
            (0, _) => Status::Warn,
            _ => Status::Fail,
        };
        let count = if status == Status::Pass { 0 } else { beyond(status).count() };
        let text = if count == 0 {
            format!("all {} keys agree", grouped(keys as i128))
        } else {
            let verb = if count == 1 { "differs" } else { "differ" };
            let named = |key: &Compared| format!("{} {}", named(&key.key), key.text());
            let named: Vec<String> = beyond(status).take(NAMED).map(named).collect();
            let more = if count > NAMED { "; …" } else { "" };
            let (count, keys) = (grouped(count as i128), grouped(keys as i128));
            format!("{count} of {keys} keys {verb}: {}{more}", named.join("; "))
        };
        let listed = |key: &Compared| {
            let values: Map<String, Value> = self.keys.iter().cloned().zip(key.key.clone()).collect();
            let (here, there) = (shown(key.here.as_ref()), shown(key.there.as_ref()));
            match key.only {
                Some(place) => json!({"key": values, "only": place, "here": here, "there": there}),
                None => json!({"key": values, "here": here, "there": there}),
            }
        };
        let observed = json!({
            "keys": keys,
            "differing": apart.len(),
            "failed": beyond(Status::Fail).count(),
            "differences": apart.iter().take(LISTED).map(listed).collect::<Vec<_>>(),
        });
        let failed = beyond(Status::Fail).count() as u64;
        Outcome::new(status, observed, text).failed(failed)
    }
}

impl Compared {
    fn differs(&self) -> bool {
        self.only.is_some() || self.difference.to_f64() != 0.0
    }

    fn text(&self) -> String {
        let side = |amount: Option<&Amount>| amount.map_or("none".into(), |amount| amount.figure().text());
        if let Some(place) = self.only {
            return format!("only {place} ({})", side(self.here.as_ref().or(self.there.as_ref())));
        }
        format!("{} here, {} there", side(self.here.as_ref()), side(self.there.as_ref()))
    }

    /// Keys that one side lacks, then by how far apart, then by the key.
    fn worse_first(&self, other: &Self) -> Ordering {
        let apart = |of: &Self| of.difference.to_f64();
        let key = |of: &Self| Value::Array(of.key.clone()).to_string();
        let largest = apart(other).total_cmp(&apart(self));
        other.only.is_some().cmp(&self.only.is_some()).then(largest).then_with(|| key(self).cmp(&key(other)))
    }
}

/// Whether a key has so many distinct values that their number is an estimate.
fn is_estimate(of: Option<&OfKey>) -> bool {
    let accumulator = of.map(|of| &of.all.accumulator);
    matches!(accumulator, Some(Accumulator::Distinct(values)) if !values.count().1)
}

fn shown(amount: Option<&Amount>) -> Value {
    amount.map_or(Value::Null, |amount| amount.figure().value())
}

/// A key in words: its values.
fn named(key: &[Value]) -> String {
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    key.iter().map(value).collect::<Vec<_>>().join(", ")
}
