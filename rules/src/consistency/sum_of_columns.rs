//! `sum_of_columns`: columns add up to a total.

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, i256};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use crate::literal::{Exact, Family, plain, type_name};
use crate::mask::{pack, pack_pairs};
use crate::measure::{floats, for_whole_type};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::tolerance::{Closeness, Tolerance};
use crate::unit::Unit;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "sum_of_columns",
    aliases: &[],
    dimension: "consistency",
    summary: "The columns add up to a total, a number or another column, within a tolerance.",
    definition: "|Σ columns − total| ≤ `tolerance` (0 by default), where `total` is a column or, as in Great Expectations' \
                 `expect_multicolumn_sum_to_equal`, a number. Whole numbers and decimals are added exactly, whatever \
                 their widths and scales, and cannot overflow. Where any of the columns is a float, all are \
                 added in the order given as 64-bit floats, whose sums are rounded: give a tolerance then. NaN adds up \
                 to nothing and fails, as does an infinity that is not the total too. A row where a value is null is \
                 not evaluated (see `nulls`): what is not known is not taken for 0. Where nothing is evaluated the \
                 check is skipped.",
    example: Example {
        yaml: "sum_of_columns: {columns: [net, tax], total: gross}",
        params: r#"{"columns": ["net", "tax"], "total": "gross"}"#,
        input: "net:int64,tax:int64,gross:int64\n100,8,108\n100,8,100\n100,,100\n",
        status: "fail",
        observed: "1 of 2 fail (50 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<SumOfColumns>,
    schema: schema_of::<SumOfColumns>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SumOfColumns {
    /// The column that holds the total, or a number.
    total: Total,
    /// How far the sum may lie from it.
    tolerance: Option<Tolerance>,
}

/// What the columns add up to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a column or a number")]
enum Total {
    /// What this column holds.
    Column(String),
    /// This number.
    Number(Number),
}

impl Rule for SumOfColumns {
    fn other_columns(&self) -> Vec<&str> {
        match &self.total {
            Total::Column(name) => vec![name],
            Total::Number(_) => Vec::new(),
        }
    }

    fn expected(&self) -> String {
        let within = self.tolerance.as_ref().map(|tolerance| format!(" within {}", tolerance.text));
        let total = match &self.total {
            Total::Column(name) => name.clone(),
            Total::Number(number) => number.to_string(),
        };
        format!("adding up to {total}{}", within.unwrap_or_default())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let named = site.columns.iter().map(|column| ("columns", column));
        let named: Vec<_> = named.chain(site.others.iter().map(|column| ("total", column))).collect();
        for (key, (name, data_type)) in &named {
            if !Family::of(data_type).is_number() {
                let shown = type_name(data_type);
                let misfit = Problem::new(format!("column \"{name}\" is of type {shown}, not a number"));
                return Err(misfit.key(*key).hint("cast it to a number first"));
            }
        }
        let types: Vec<&DataType> = named.iter().map(|(_, (_, data_type))| plain(data_type)).collect();
        let summands = site.columns.len();
        if types.iter().any(|data_type| Family::of(data_type) == Family::Float) {
            let tolerance = self.tolerance.as_ref().map_or(Ok(0.0), Tolerance::float)?;
            let close = Closeness::float(tolerance, None);
            return Ok(Bound::Rows(Box::new(FloatSum { summands, total: self.float()?, close })));
        }
        let (unit, total) = self.whole(&types)?;
        let tolerance = self.tolerance.as_ref().map_or(Ok(0), |tolerance| tolerance.whole(unit))?;
        let largest = types.iter().map(|data_type| largest(data_type, unit)).sum::<f64>();
        let wide = largest + total.unwrap_or_default().unsigned_abs() as f64 > 1e38;
        Ok(Bound::Rows(Box::new(WholeSum { summands, total, unit, tolerance, wide })))
    }
}

impl SumOfColumns {
    /// The unit in which whole numbers are added, and in it the total where it is a number.
    fn whole(&self, types: &[&DataType]) -> Result<(Unit, Option<i128>), Problem> {
        let apart = || Problem::new("the decimals lie too far apart to be added").key("columns");
        let unit = Unit::finest(types).ok_or_else(apart)?;
        let (Total::Number(number), Unit::Decimal(scale)) = (&self.total, unit) else {
            return Ok((unit, None));
        };
        let beyond = || Problem::new(format!("{number} has too many digits to be added")).key("total");
        let exact = Exact::parse(&number.to_string()).ok_or_else(beyond)?;
        let scale = scale.max(exact.scale);
        let unit = Unit::Decimal(scale);
        let total = exact.at_scale(scale);
        if !total.exact || types.iter().any(|data_type| unit.factor(data_type).is_none()) {
            return Err(beyond());
        }
        Ok((unit, Some(total.floor)))
    }

    /// The total as a float, where it is a number.
    fn float(&self) -> Result<Option<f64>, Problem> {
        let Total::Number(number) = &self.total else { return Ok(None) };
        let beyond = || Problem::new(format!("{number} is no 64-bit float")).key("total");
        number.as_f64().ok_or_else(beyond).map(Some)
    }
}

/// About the largest number a type of whole numbers holds, in a unit.
fn largest(data_type: &DataType, unit: Unit) -> f64 {
    let most = match data_type {
        DataType::Decimal128(precision, _) => 10_f64.powi(i32::from(*precision)),
        other => 256_f64.powi(other.primitive_width().unwrap_or(16) as i32),
    };
    most * unit.factor(data_type).unwrap_or(i128::MAX) as f64
}

#[derive(Debug)]
struct WholeSum {
    /// So many columns are added up.
    summands: usize,
    /// What they add up to in the unit; None where it is in the column after them.
    total: Option<i128>,
    unit: Unit,
    tolerance: i128,
    /// Whether a sum may have more digits than 128 bits hold.
    wide: bool,
}

impl WholeSum {
    fn close<N: ArrowNativeTypeOp + From<i128>>(&self, rows: &Rows<'_>) -> Result<BooleanBuffer, ArrowError> {
        let mut sums = vec![N::from(-self.total.unwrap_or_default()); rows.first()?.len()];
        for column in rows.columns.iter().take(self.summands) {
            add(&mut sums, column, self.unit, false)?;
        }
        if self.total.is_none() {
            add(&mut sums, rows.at(self.summands)?, self.unit, true)?;
        }
        let (low, high) = (N::from(-self.tolerance), N::from(self.tolerance));
        Ok(BooleanBuffer::collect_bool(sums.len(), |row| sums[row].is_ge(low) && sums[row].is_le(high)))
    }
}

impl RowTest for WholeSum {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let mask = if self.wide { self.close::<i256>(rows)? } else { self.close::<i128>(rows)? };
        Ok(BooleanArray::new(mask, any_null(rows)))
    }
}

/// Adds the values of a column in a unit to sums, or takes them off.
fn add<N: ArrowNativeTypeOp + From<i128>>(
    sums: &mut [N],
    column: &ArrayRef,
    unit: Unit,
    off: bool,
) -> Result<(), ArrowError> {
    fn each<T: ArrowPrimitiveType, N: ArrowNativeTypeOp + From<i128>>(
        sums: &mut [N],
        column: &ArrayRef,
        factor: N,
    ) where
        T::Native: Into<i128>,
    {
        for (sum, value) in sums.iter_mut().zip(column.as_primitive::<T>().values()) {
            let value: i128 = (*value).into();
            *sum = sum.add_wrapping(N::from(value).mul_wrapping(factor));
        }
    }
    let factor = unit.factor(column.data_type()).unwrap_or(1);
    let factor = N::from(if off { -factor } else { factor });
    for_whole_type!(column.data_type(), T => {
        each::<T, N>(sums, column, factor);
        Ok(())
    })
}

#[derive(Debug)]
struct FloatSum {
    /// So many columns are added up.
    summands: usize,
    /// What they add up to; None where it is in the column after them.
    total: Option<f64>,
    close: Closeness<f64>,
}

impl RowTest for FloatSum {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let mut sums = vec![0.0; rows.first()?.len()];
        for column in rows.columns.iter().take(self.summands) {
            for (sum, value) in sums.iter_mut().zip(floats(column)?.iter()) {
                *sum += value;
            }
        }
        let mask = match self.total {
            Some(total) => pack(&sums, |sum| self.close.is_close(sum, total)),
            None => {
                let total = floats(rows.at(self.summands)?)?;
                pack_pairs(&sums, &total, |sum, total| self.close.is_close(sum, total))
            }
        };
        Ok(BooleanArray::new(mask, any_null(rows)))
    }
}

fn any_null(rows: &Rows<'_>) -> Option<NullBuffer> {
    rows.columns.iter().fold(None, |all, column| NullBuffer::union(all.as_ref(), column.nulls()))
}
