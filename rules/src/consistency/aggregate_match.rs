//! `aggregate_match`: an aggregate is that of another dataset, as a whole or key by key.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use crate::align::Align;
use crate::amount::{Aggregate, Apart};
use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::measure::{EachKey, What};
use crate::other::{Dataset, Pair, Pairs, measured, other_type, rows_of};
use crate::reconciled::Reconciled;
use crate::reference::{self, OtherRows, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::Limits;
use crate::tolerance::not_negative;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "aggregate_match",
    aliases: &[],
    dimension: "consistency",
    summary: "An aggregate (sum, count, mean, …) is that of another dataset, as a whole or key by key.",
    definition: "`fn` over the values of `column` that are not null, here and there: `sum`, `min`, `max`, `mean`, \
                 `distinct_count`, and `count`, which without a column counts rows. Sums of whole numbers and decimals \
                 are exact whatever their scale, and so is the difference of two means of them up to one rounding; \
                 floats are added exactly and rounded once. The figure judged is |here − there|, in seconds for dates \
                 and timestamps (zones are instants), up to `tolerance` (0); with `relative` it is |here − there| ÷ \
                 |there|: dbt_expectations, whose test this follows otherwise, divides by the figure here, but it is \
                 the other dataset that is taken for right. `warn` limits the same figure. With `by` the figure is \
                 judged for each key, null being a key as in SQL's GROUP BY, and the check is as bad as its worst key; \
                 a key that only one side has fails (dbt_expectations takes it for 0), as does an aggregate that has no \
                 values (null in SQL) on one side only; none on either side agree. NaN agrees with NaN only. Lists the \
                 first 20 keys that differ, missing ones first, then the largest differences. More than 100,000 keys \
                 are an error. `distinct_count` by key is exact up to 16,384 values a key. Without rows on either side \
                 the check is skipped.",
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
    function: Aggregate,
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

/// The names of the one column that is aggregated, here and there.
fn one(column: &Pairs) -> Option<(&str, &str)> {
    column.here().into_iter().zip(column.there()).next()
}

impl AggregateMatch {
    fn limits(&self) -> Limits {
        Limits::up_to(Number::from_f64(self.relative.or(self.tolerance).unwrap_or(0.0)))
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
        let is_time = self.function != Aggregate::Count
            && self.function != Aggregate::DistinctCount
            && Family::of(types.0) == Family::Time;
        if is_time && self.relative.is_some() {
            let message = format!("column \"{here}\" is one of times, which have no relative difference");
            return Err(Problem::new(message).key("relative").hint("give a tolerance in seconds"));
        }
        if matches!(self.function, Aggregate::Min | Aggregate::Max) {
            Pair::of_values((here, types.0), (there, types.1), "column")?;
        }
        Ok(Some((types.0.clone(), types.1.clone())))
    }
}

impl Rule for AggregateMatch {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate("to")?;
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
            None if self.function == Aggregate::Count => {}
            None => {
                let message = format!("{} needs a column", self.function.name());
                return Err(ParamError::new(message).key("column"));
            }
        }
        if self.tolerance.is_some() && self.relative.is_some() {
            return Err(ParamError::new("tolerance stands beside relative").key("relative").hint("keep one"));
        }
        not_negative(&[("tolerance", self.tolerance), ("relative", self.relative)])
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
        let what = |of: fn(&Pair) -> Align| {
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
        let other = measured(&theirs, &there, &rows).map_err(|error| {
            Problem::new(format!("the other dataset cannot be aggregated: {error}")).key("to")
        })?;
        let tells = self.function.tells_values();
        let disclosure = site.disclosure(column.filter(|_| tells).map(|(here, _)| here));
        let measure = site.measure(mine, &here);
        Ok(Bound::Whole(Box::new(Reconciled {
            function: self.function,
            apart: Apart::by(self.relative),
            limits: self.limits(),
            warn,
            keys: keys.into_iter().map(|pair| pair.here).collect(),
            types,
            disclosure,
            other,
            measure,
        })))
    }
}
