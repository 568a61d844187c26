//! `drop_outliers`: rows whose values lie within the fences of their column.

use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PlSmallStr, PolarsResult, QuantileMethod, by_name, col, lit, when,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found};
use super::{BindContext, Example, Lowering, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::Spanned;

/// Where it stands whether a row stays.
const INSIDE: PlSmallStr = PlSmallStr::from_static("__lockgate_inside");
/// Makes the median absolute deviation of a normal distribution its standard deviation.
const MAD_SCALE: f64 = 1.4826;

pub(super) static STEP: StepDef = StepDef {
    name: "drop_outliers",
    summary: "Removes and counts the rows whose value lies outside fences computed from the column itself: zscore \
              (|x - mean| > threshold standard deviations, n - 1), mad (|x - median| > threshold · 1.4826 · MAD), \
              iqr (outside [q1 - k·IQR, q3 + k·IQR]) or percentile (outside [lower, upper]).",
    nulls: "Null and NaN stay and do not enter the fences. Where the spread is zero or unknown, because all values \
            are equal or there is only one, nothing is removed. Quantiles are interpolated linearly. With `by`, each \
            group has its own fences; null is a group.",
    example: Example {
        step: "drop_outliers: {column: delay, method: iqr}",
        input: "id:int64,delay:float64\n1,1\n2,2\n3,3\n4,4\n5,1000\n6,\n7,NaN",
        others: &[],
        output: "id:int64,delay:float64\n1,1\n2,2\n3,3\n4,4\n6,\n7,NaN",
    },
    parse: arguments::plain::<DropOutliers>,
    schema: arguments::schema_of::<DropOutliers>,
};

/// The columns, and what an outlier is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DropOutliers {
    /// One or several columns of numbers; a row stays if it is inside the fences of each.
    column: Columns,
    /// How the fences are found.
    method: Spanned<Method>,
    /// zscore: how many standard deviations (3). mad: how many scaled deviations (3.5).
    threshold: Option<Spanned<f64>>,
    /// iqr: how many interquartile ranges beyond the quartiles (1.5).
    k: Option<Spanned<f64>>,
    /// percentile: the share below the lower fence (0.01).
    lower: Option<Spanned<f64>>,
    /// percentile: the share below the upper fence (0.99).
    upper: Option<Spanned<f64>>,
    /// Columns whose groups have their own fences.
    #[serde(default)]
    by: Columns,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    Zscore,
    Mad,
    Iqr,
    Percentile,
}

impl Step for DropOutliers {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        self.check_parameters()?;
        let by: Vec<Expr> = self.by.resolve(cx.input)?.iter().map(Found::expr).collect();
        let mut inside: Option<Expr> = None;
        for column in self.column.resolve(cx.input)? {
            column.need_number("drop_outliers")?;
            let x = column.expr().cast(DataType::Float64).fill_nan(lit(NULL));
            let here = self.inside(&x).fill_null(lit(true));
            let here = if by.is_empty() { here } else { grouped(here, &by)? };
            inside = Some(inside.map_or(here.clone(), |earlier| earlier.and(here)));
        }
        let inside =
            inside.ok_or_else(|| Error::wrong("drop_outliers names no column").at(self.method.span))?;
        Ok(Lowering::Whole(Box::new(Fences(inside))))
    }
}

impl DropOutliers {
    fn check_parameters(&self) -> Result<()> {
        let method = self.method.value;
        let given = [
            ("threshold", &self.threshold, matches!(method, Method::Zscore | Method::Mad), f64::INFINITY),
            ("k", &self.k, method == Method::Iqr, f64::INFINITY),
            ("lower", &self.lower, method == Method::Percentile, 1.0),
            ("upper", &self.upper, method == Method::Percentile, 1.0),
        ];
        for (name, given, fits, most) in given {
            let Some(given) = given else { continue };
            if !fits {
                return Err(Error::wrong(format!("{name} does not belong to this method"))
                    .at(given.span)
                    .hint("zscore and mad take threshold, iqr takes k, percentile takes lower and upper"));
            }
            if !(0.0..=most).contains(&given.value) || !given.value.is_finite() {
                let range = if most.is_finite() { "between 0 and 1" } else { "not negative" };
                return Err(Error::wrong(format!("{name} must be {range}")).at(given.span));
            }
        }
        if let (Some(lower), Some(upper)) = (&self.lower, &self.upper)
            && lower.value >= upper.value
        {
            return Err(Error::wrong("lower must be below upper").at(lower.span));
        }
        Ok(())
    }

    /// Whether `x` is within its fences; null where that cannot be told.
    fn inside(&self, x: &Expr) -> Expr {
        let or =
            |given: &Option<Spanned<f64>>, usual: f64| lit(given.as_ref().map_or(usual, |given| given.value));
        let quantile = |share: Expr| x.clone().quantile(share, QuantileMethod::Linear);
        let within = |deviation: Expr, limit: Expr, spread: Expr| {
            when(spread.gt(lit(0.0))).then(deviation.lt_eq(limit)).otherwise(lit(NULL))
        };
        match self.method.value {
            Method::Zscore => {
                let deviation = (x.clone() - x.clone().mean()).abs();
                let spread = x.clone().std(1);
                within(deviation, or(&self.threshold, 3.0) * spread.clone(), spread)
            }
            Method::Mad => {
                let deviation = (x.clone() - x.clone().median()).abs();
                let spread = deviation.clone().median();
                within(deviation, or(&self.threshold, 3.5) * lit(MAD_SCALE) * spread.clone(), spread)
            }
            Method::Iqr => {
                let (first, third) = (quantile(lit(0.25)), quantile(lit(0.75)));
                let spread = third.clone() - first.clone();
                let reach = or(&self.k, 1.5) * spread.clone();
                let inside = x.clone().gt_eq(first - reach.clone()).and(x.clone().lt_eq(third + reach));
                when(spread.gt(lit(0.0))).then(inside).otherwise(lit(NULL))
            }
            Method::Percentile => {
                let (lower, upper) = (quantile(or(&self.lower, 0.01)), quantile(or(&self.upper, 0.99)));
                x.clone().gt_eq(lower).and(x.clone().lt_eq(upper))
            }
        }
    }
}

fn grouped(expr: Expr, by: &[Expr]) -> Result<Expr> {
    expr.over(by).map_err(|error| Error::defect("cannot group by the columns of `by`").because(error))
}

/// The rows inside the fences.
struct Fences(Expr);

impl WholeStep for Fences {
    fn lazy(&self, input: LazyFrame, _: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        Ok(input.with_column(self.0.clone().alias(INSIDE)).filter(col(INSIDE)).drop(by_name(
            [INSIDE],
            true,
            false,
        )))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn where_all_values_are_equal_nothing_is_removed() {
        for method in ["zscore", "mad", "iqr", "percentile"] {
            let yaml = format!("drop_outliers: {{column: x, method: {method}}}");
            gives(&yaml, "x:float64\n0.1\n0.1\n0.1\n", "x:float64\n0.1\n0.1\n0.1\n");
            gives(&yaml, "x:int64\n7", "x:int64\n7");
        }
    }

    #[test]
    fn fences_are_those_of_the_definitions() {
        let eleven = "x:int64\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n100";
        let ten = "x:int64\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10";
        gives("drop_outliers: {column: x, method: zscore, threshold: 2}", eleven, ten);
        gives("drop_outliers: {column: x, method: mad}", eleven, ten);
        gives("drop_outliers: {column: x, method: iqr}", eleven, ten);
        gives("drop_outliers: {column: x, method: percentile, lower: 0, upper: 0.9}", eleven, ten);
        gives("drop_outliers: {column: x, method: zscore}", eleven, eleven);
    }

    #[test]
    fn each_group_has_its_own_fences() {
        let input = "g:string,x:int64\na,1\na,2\na,3\na,50\n,1000\n,1001\n,1002\n,1003";
        let output = "g:string,x:int64\na,1\na,2\na,3\n,1000\n,1001\n,1002\n,1003";
        gives("drop_outliers: {column: x, method: mad, by: g}", input, output);
    }

    #[test]
    fn a_parameter_of_another_method_is_refused() {
        let error =
            outcome("drop_outliers: {column: x, method: iqr, threshold: 3}", "x:int64\n1").unwrap_err();
        assert!(error.contains("threshold does not belong to this method"), "{error}");
        let error =
            outcome("drop_outliers: {column: x, method: percentile, lower: 1.5}", "x:int64\n1").unwrap_err();
        assert!(error.contains("between 0 and 1"), "{error}");
    }
}
