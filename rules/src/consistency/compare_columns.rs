//! `compare_columns`: the values of two columns stand in an order, within a tolerance.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::comparison::Op;
use crate::literal::Family;
use crate::mask::pack_pairs;
use crate::measure::floats;
use crate::pairs::{Common, compare_columns};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::tolerance::{Closeness, Relative, Tolerance};
use crate::unit::{Unit, wholes};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "compare_columns",
    aliases: &[],
    dimension: "consistency",
    summary: "The first column compares with the second as `op` says, within a tolerance.",
    definition: "`op` is `eq`, `ne`, `lt`, `le`, `gt` or `ge`. Whole numbers, decimals, dates and timestamps are \
                 compared exactly, texts by their UTF-8 bytes; where one of two numbers is a float, both are compared \
                 as 64-bit floats. A timestamp without a time zone is taken as UTC. Values are close when \
                 |a − b| ≤ max(relative_tolerance · max(|a|, |b|), tolerance), as in Python's `math.isclose`: neither \
                 column is the reference, unlike in numpy's `isclose`. Close values count as equal: `eq`, `le` and `ge` \
                 pass, `ne`, `lt` and `gt` fail. For dates and timestamps `tolerance` is a span such as 5m. NaN \
                 compares with nothing and passes `ne` alone; infinities are close to themselves only. A row where a \
                 value is null is not evaluated (see `nulls`). Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "compare_columns: {columns: [paid, price], op: le, tolerance: 0.01}",
        params: r#"{"columns": ["paid", "price"], "op": "le", "tolerance": 0.01}"#,
        input: "paid:float64,price:float64\n1,2\n2.005,2\n2.5,2\n,1\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::Exactly(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<CompareColumns>,
    schema: schema_of::<CompareColumns>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompareColumns {
    /// How the first column compares with the second.
    op: Op,
    /// How far the values may lie apart and still count as equal.
    tolerance: Option<Tolerance>,
    /// The same as a share of the larger of the two numbers.
    relative_tolerance: Option<Relative>,
}

impl Rule for CompareColumns {
    fn expected(&self) -> String {
        let tolerance = self.tolerance.as_ref().map(|tolerance| tolerance.text.clone());
        let relative = self.relative_tolerance.as_ref().map(|share| format!("{} of the larger", share.text));
        let within: Vec<String> = tolerance.into_iter().chain(relative).collect();
        let within =
            if within.is_empty() { String::new() } else { format!(", within {}", within.join(" or ")) };
        format!("the first {} the second{within}", self.op.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let [(left, left_type), (right, right_type)] = site.columns else {
            return Err(Problem::new("two columns are needed").key("columns"));
        };
        let common = Common::of((left, left_type), (right, right_type)).map_err(|p| p.key("columns"))?;
        if Family::of(left_type) == Family::Bool && !matches!(self.op, Op::Eq | Op::Ne) {
            return Err(
                Problem::new(format!("column \"{left}\" is true or false and has no order")).key("op")
            );
        }
        let relative = self.relative_tolerance.as_ref();
        if self.tolerance.is_none() && relative.is_none() {
            return Ok(Bound::Rows(Box::new(Ordered { op: self.op, common })));
        }
        if common == Common::Single || common == Common::Double {
            let absolute = self.tolerance.as_ref().map_or(Ok(0.0), Tolerance::float)?;
            let close = Closeness::float(absolute, relative);
            return Ok(Bound::Rows(Box::new(FloatsWithin { op: self.op, close })));
        }
        let key = if self.tolerance.is_some() { "tolerance" } else { "relative_tolerance" };
        let unit = Unit::finest(&[left_type, right_type])
            .ok_or_else(|| Problem::new("a tolerance is for numbers, dates and timestamps").key(key))?;
        if relative.is_some() && matches!(unit, Unit::Time(_)) {
            let misfit = Problem::new("dates and timestamps are no multiples of one another");
            return Err(misfit.key("relative_tolerance").hint("give a tolerance such as 5m"));
        }
        let absolute = self.tolerance.as_ref().map_or(Ok(0), |tolerance| tolerance.whole(unit))?;
        let close = Closeness::whole(absolute, relative);
        Ok(Bound::Rows(Box::new(WholesWithin { op: self.op, unit, close })))
    }
}

#[derive(Debug)]
struct Ordered {
    op: Op,
    common: Common,
}

impl RowTest for Ordered {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        compare_columns(rows.first()?, rows.at(1)?, self.op, self.common)
    }
}

#[derive(Debug)]
struct WholesWithin {
    op: Op,
    unit: Unit,
    close: Closeness<i128>,
}

impl RowTest for WholesWithin {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let (left, right) = (wholes(rows.first()?, self.unit)?, wholes(rows.at(1)?, self.unit)?);
        within(rows, self.op, &left, &right, |a, b| self.close.is_close(a, b))
    }
}

#[derive(Debug)]
struct FloatsWithin {
    op: Op,
    close: Closeness<f64>,
}

impl RowTest for FloatsWithin {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let (left, right) = (floats(rows.first()?)?, floats(rows.at(1)?)?);
        within(rows, self.op, &left, &right, |a, b| self.close.is_close(a, b))
    }
}

fn within<T: Copy + PartialOrd>(
    rows: &Rows<'_>,
    op: Op,
    left: &[T],
    right: &[T],
    close: impl Fn(T, T) -> bool,
) -> Result<BooleanArray, ArrowError> {
    let mask = match op {
        Op::Eq => pack_pairs(left, right, close),
        Op::Ne => pack_pairs(left, right, |a, b| !close(a, b)),
        Op::Lt => pack_pairs(left, right, |a, b| a < b && !close(a, b)),
        Op::Le => pack_pairs(left, right, |a, b| a < b || close(a, b)),
        Op::Gt => pack_pairs(left, right, |a, b| a > b && !close(a, b)),
        Op::Ge => pack_pairs(left, right, |a, b| a > b || close(a, b)),
    };
    Ok(BooleanArray::new(mask, NullBuffer::union(rows.first()?.nulls(), rows.at(1)?.nulls())))
}
