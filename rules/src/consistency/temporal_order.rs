//! `temporal_order`: the dates or timestamps of a row follow one another.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::age::{Age, age_text};
use crate::literal::{Family, plain, type_name};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::unit::{Unit, wholes};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "temporal_order",
    aliases: &[],
    dimension: "consistency",
    summary: "The dates or timestamps of the columns follow one another in the order given.",
    definition: "Each is no earlier than the one before it, with `strict: true` later, and with `max_gap` at most that \
                 much later. Compared exactly across units: a date counts from its midnight in UTC, a timestamp \
                 without a time zone is taken as UTC. Nulls are left out and their neighbours compared, as what has \
                 not happened yet puts nothing else in doubt; a row with fewer than two values is not evaluated (see \
                 `nulls`). Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "temporal_order: {columns: [ordered, shipped, arrived], max_gap: 30d}",
        params: r#"{"columns": ["ordered", "shipped", "arrived"], "max_gap": "30d"}"#,
        input: "ordered:timestamp,shipped:timestamp,arrived:timestamp\n\
                2024-01-01T00:00:00,2024-01-02T00:00:00,2024-01-02T00:00:00\n\
                2024-01-02T00:00:00,,2024-01-01T00:00:00\n\
                2024-01-01T00:00:00,,\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::Together(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<TemporalOrder>,
    schema: schema_of::<TemporalOrder>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TemporalOrder {
    /// Whether equal times fail.
    #[serde(default)]
    strict: bool,
    /// How much later one may be than the one before it, such as 36h.
    max_gap: Option<Age>,
}

impl Rule for TemporalOrder {
    fn expected(&self) -> String {
        let order = if self.strict { "each later than the one before" } else { "in order" };
        let gap = self.max_gap.map(|gap| format!(", at most {} apart", age_text(gap.0)));
        format!("{order}{}", gap.unwrap_or_default())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        for (name, data_type) in site.columns {
            if Family::of(data_type) != Family::Time {
                let shown = type_name(data_type);
                let misfit =
                    Problem::new(format!("column \"{name}\" is of type {shown}, not a date or timestamp"));
                return Err(misfit.key("columns").hint("parse it into a timestamp first"));
            }
        }
        let types: Vec<&DataType> = site.columns.iter().map(|(_, data_type)| plain(data_type)).collect();
        let Some(unit @ Unit::Time(nanos)) = Unit::finest(&types) else {
            return Err(Problem::new("there are no times to compare").key("columns"));
        };
        let least = i128::from(self.strict);
        let most = self.max_gap.map_or(i128::MAX, |gap| gap.0 / nanos);
        Ok(Bound::Rows(Box::new(InOrder { unit, least, most })))
    }
}

#[derive(Debug)]
struct InOrder {
    unit: Unit,
    /// How far a time has to lie after the one before it, in the unit.
    least: i128,
    most: i128,
}

impl RowTest for InOrder {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let mut latest = Latest::new(rows.first()?.len());
        for column in rows.columns {
            let values = wholes(column, self.unit)?;
            latest.follow(&values, column.nulls(), |gap| self.least <= gap && gap <= self.most);
        }
        let Latest { seen, in_order, .. } = latest;
        let passed = BooleanBuffer::collect_bool(in_order.len(), |row| in_order[row]);
        let known = BooleanBuffer::collect_bool(seen.len(), |row| seen[row] == Seen::Several);
        Ok(BooleanArray::new(passed, Some(NullBuffer::new(known))))
    }
}

/// How many times of a row have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    One,
    Several,
}

/// For each row the latest time seen, and whether all so far were in order.
struct Latest {
    seen: Vec<Seen>,
    time: Vec<i128>,
    in_order: Vec<bool>,
}

impl Latest {
    fn new(rows: usize) -> Self {
        Self { seen: vec![Seen::Nothing; rows], time: vec![0; rows], in_order: vec![true; rows] }
    }

    /// Goes on to the next column.
    fn follow(&mut self, values: &[i128], nulls: Option<&NullBuffer>, fits: impl Fn(i128) -> bool) {
        let rows = self.seen.iter_mut().zip(&mut self.time).zip(&mut self.in_order).zip(values);
        for (row, (((seen, time), in_order), value)) in rows.enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            *in_order &= *seen == Seen::Nothing || fits(value - *time);
            *seen = if *seen == Seen::Nothing { Seen::One } else { Seen::Several };
            *time = *value;
        }
    }
}
