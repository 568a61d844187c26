//! Order: each value against the one before it; what `increasing` and `decreasing` share.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::age::Age;
use crate::check::ParamError;
use crate::keys::KeyKind;
use crate::literal::{Exact, Family, Literal, nanos_per_unit, scale_of, type_name};
use crate::measure::{
    Accumulator, Adjacent, Breach, Direction, MOST_PAIRS, MOST_SEQUENCES, Pairs, Readings, What, key_text,
};
use crate::pattern::OneOrMany;
use crate::rule::{Bound, Judge, Problem, Rule, Site};
use crate::sample::Disclosure;
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

/// The parameters of a rule about order.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ordered {
    /// Whether neighbours may not be equal.
    #[serde(default)]
    strict: bool,
    /// The distance that all neighbours have: a number, or a span such as 1d for dates and timestamps.
    step: Option<Literal>,
    /// The column in whose ascending order values are compared; the order of rows where absent.
    order_by: Option<String>,
    /// Columns within whose groups values are compared.
    within: Option<OneOrMany>,
}

/// A rule about order.
#[derive(Debug, Clone)]
struct Monotone {
    ordered: Ordered,
    descending: bool,
}

/// Reads the parameters of `increasing`, or of `decreasing`.
pub(crate) fn parse(params: &Map<String, Value>, descending: bool) -> Result<Box<dyn Rule>, ParamError> {
    let ordered: Ordered = crate::check::read(params)?;
    Ok(Box::new(Monotone { ordered, descending }))
}

impl Ordered {
    fn within(&self) -> &[String] {
        self.within.as_ref().map(OneOrMany::as_slice).unwrap_or_default()
    }

    /// The step in the unit of a column.
    fn step(&self, data_type: &DataType) -> Result<Option<i128>, Problem> {
        let Some(literal) = &self.step else { return Ok(None) };
        let text = literal.to_string();
        let wrong = |message: String, hint: &str| Problem::new(message).key("step").hint(hint);
        let step = match Family::of(data_type) {
            Family::Time => {
                let age = Age::deserialize(Value::from(text.clone()));
                let unit = nanos_per_unit(data_type);
                age.ok().filter(|age| age.0 % unit == 0).map(|age| age.0 / unit)
            }
            Family::Whole => {
                let exact = Exact::parse(&text).map(|exact| exact.at_scale(scale_of(data_type)));
                exact.filter(|point| point.exact).map(|point| point.floor)
            }
            _ => {
                let message = format!("steps of {} are not exact", type_name(data_type));
                return Err(wrong(message, "cast the column to a decimal"));
            }
        };
        step.filter(|step| *step > 0).map(Some).ok_or_else(|| {
            let message = format!("\"{text}\" is no step of a column of type {}", type_name(data_type));
            wrong(message, "give a number above 0, or a span such as 1d for dates and timestamps")
        })
    }
}

/// Refuses a column that has no order.
pub(crate) fn need_order(name: &str, data_type: &DataType, key: &str) -> Result<(), Problem> {
    if matches!(Family::of(data_type), Family::Whole | Family::Float | Family::Time) {
        return Ok(());
    }
    let message =
        format!("column \"{name}\" is of type {}, not a number, a date or a timestamp", type_name(data_type));
    Err(Problem::new(message).key(key).hint("cast or parse it first"))
}

/// Refuses a column that cannot tell groups apart.
pub(crate) fn need_key(name: &str, data_type: &DataType, key: &str) -> Result<(), Problem> {
    if KeyKind::of(data_type).is_some() {
        return Ok(());
    }
    let message = format!("column \"{name}\" is of type {}, which cannot be a key", type_name(data_type));
    Err(Problem::new(message).key(key))
}

impl Rule for Monotone {
    fn other_columns(&self) -> Vec<&str> {
        self.ordered.order_by.iter().chain(self.ordered.within()).map(String::as_str).collect()
    }

    fn expected(&self) -> String {
        let direction = if self.descending { "decreasing" } else { "increasing" };
        let mut text = match &self.ordered.step {
            Some(step) => format!("{direction} by {step}"),
            None if self.ordered.strict => format!("strictly {direction}"),
            None => direction.into(),
        };
        if let Some(column) = &self.ordered.order_by {
            text = format!("{text} by order of {column}");
        }
        if !self.ordered.within().is_empty() {
            text = format!("{text} within {}", self.ordered.within().join(", "));
        }
        text
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        need_order(&name, &data_type, "column")?;
        for name in self.ordered.within() {
            need_key(name, site.other(name)?, "within")?;
        }
        let disclosure = site.disclosure([name.as_str()]);
        let float = Family::of(&data_type) == Family::Float;
        let step = self.ordered.step(&data_type)?;
        let direction = Direction { descending: self.descending, strict: self.ordered.strict, step, float };
        let within = self.ordered.within().iter().cloned();
        let measure = if let Some(order) = &self.ordered.order_by {
            need_order(order, site.other(order)?, "order_by")?;
            let columns: Vec<String> = [order.clone(), name].into_iter().chain(within).collect();
            site.measure(What::Pairs, &columns)
        } else {
            let columns: Vec<String> = std::iter::once(name).chain(within).collect();
            site.measure(What::Adjacent(direction), &columns)
        };
        Ok(Bound::Whole(Box::new(Judged { direction, data_type, disclosure, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    direction: Direction,
    data_type: DataType,
    disclosure: Disclosure,
    measure: usize,
}

impl Judged {
    fn outcome(&self, found: &Adjacent) -> Outcome {
        if found.is_full() {
            let most = grouped(MOST_SEQUENCES as i128);
            return Outcome::error(format!(
                "there are more than {most} groups, whose ends are not held; take fewer rows with `where`"
            ));
        }
        if found.breaches == 0 {
            return Outcome::new(Status::Pass, json!({"breaches": 0}), "in order");
        }
        let value = |key: i128| self.disclosure.text(key_text(key, &self.data_type));
        let shown = |breach: &Breach| json!({"value": breach.at, "before": value(breach.before), "after": value(breach.after)});
        let first: Vec<Value> = found.first.iter().map(shown).collect();
        let plural = if found.breaches == 1 { "" } else { "s" };
        let mut text = format!("{} value{plural} out of order", grouped(i128::from(found.breaches)));
        if let Some(breach) = found.first.first() {
            let at = grouped(i128::from(breach.at));
            text = format!("{text}: {} after {} (value {at})", value(breach.after), value(breach.before));
        }
        Outcome::new(Status::Fail, json!({"breaches": found.breaches, "first": first}), text)
            .failed(found.breaches)
    }

    /// The same of pairs that are sorted first; values are then counted in the sorted order.
    fn sorted(&self, pairs: &Pairs) -> Outcome {
        let Some(sorted) = pairs.by_first() else {
            let most = grouped(MOST_PAIRS as i128);
            return Outcome::error(format!(
                "there are more than {most} rows, which are not held to be sorted; leave order_by out where they \
                 come in order, or take fewer rows with `where`"
            ));
        };
        let mut found = Adjacent::new(self.direction);
        for pair in sorted {
            found.add(pair.group, pair.second);
        }
        self.outcome(&found)
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else { return Outcome::error("values were not compared") };
        let outcome = match &all.accumulator {
            _ if all.present() == 0 => Outcome::skipped("no values in scope"),
            Accumulator::Adjacent(found) => self.outcome(found),
            Accumulator::Pairs(pairs) => self.sorted(pairs),
            _ => Outcome::error("values were not compared"),
        };
        outcome.counts(all.present(), all.nulls)
    }
}
