//! `how: asof`: the nearest row of the other table by an ordered key.

use polars::prelude::{
    AsOfOptions, AsofStrategy, DataType, Expr, JoinArgs, JoinCoalesce, JoinType, LazyFrame,
    MaintainOrderJoin, NULL, PlSmallStr, PolarsError, PolarsResult, Scalar, Schema, SortMultipleOptions,
    UnionArgs, col, concat, lit,
};

use super::arguments::{Join, Strategy, Tolerance};
use super::bound::{Key, Taken, keys, payload};
use crate::error::{Error, Result};
use crate::steps::column::column;
use crate::steps::{HIDDEN, WholeStep};

/// The step bound to its inputs.
#[derive(Debug, Clone)]
pub(super) struct AsOf {
    input: Schema,
    on: Key,
    by: Vec<Key>,
    payload: Vec<Taken>,
    options: AsOfOptions,
}

impl AsOf {
    pub(super) fn new(join: &Join, input: &Schema, other: &Schema) -> Result<Self> {
        let on = keys(&join.on.0, input, other)?.swap_remove(0);
        let place = join.on.0.0[0].0.span;
        if !(on.dtype.is_primitive_numeric() || on.dtype.is_temporal()) || on.dtype.is_decimal() {
            let message = format!("column \"{}\" of type {} has no nearest value", on.here, on.dtype);
            return Err(Error::wrong(message).at(place).hint("`how: asof` takes numbers, dates or times"));
        }
        let by = join.by.as_ref().map(|by| keys(&by.0, input, other)).transpose()?.unwrap_or_default();
        let mut dropped = by.clone();
        dropped.push(on.clone());
        let payload = payload(join, &dropped, input, other)?;
        let mut options = AsOfOptions {
            strategy: match join.strategy.unwrap_or_default() {
                Strategy::Backward => AsofStrategy::Backward,
                Strategy::Forward => AsofStrategy::Forward,
                Strategy::Nearest => AsofStrategy::Nearest,
            },
            allow_eq: true,
            check_sortedness: false,
            ..AsOfOptions::default()
        };
        if !by.is_empty() {
            options.left_by = Some((0..by.len()).map(by_name).collect());
            options.right_by = Some((0..by.len()).map(by_name).collect());
        }
        if let Some(tolerance) = &join.tolerance {
            set_tolerance(&mut options, &tolerance.value, &on.dtype).map_err(|e| e.at(tolerance.span))?;
        }
        Ok(Self { input: input.clone(), on, by, payload, options })
    }

    /// A frame with the keys under hidden names, sorted by the ordered one.
    fn keyed(&self, frame: LazyFrame, side: fn(&Key) -> &PlSmallStr, rest: Vec<Expr>) -> LazyFrame {
        let key = |key: &Key, name: PlSmallStr| column(side(key)).cast(key.dtype.clone()).alias(name);
        let mut columns = vec![key(&self.on, on_name())];
        columns.extend(self.by.iter().enumerate().map(|(index, by)| key(by, by_name(index))));
        columns.extend(rest);
        frame.select(columns)
    }
}

impl WholeStep for AsOf {
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let [other]: [LazyFrame; 1] = others
            .try_into()
            .map_err(|_| PolarsError::InvalidOperation("a join reads one other table".into()))?;
        let row = PlSmallStr::from_string(format!("{HIDDEN}row"));
        let sorted = |frame: LazyFrame, by: &PlSmallStr| {
            let options = SortMultipleOptions::default().with_nulls_last(true).with_maintain_order(true);
            frame.sort([by.clone()], options)
        };
        let here = self.input.iter_names().chain([&row]).map(column).collect();
        let here = self.keyed(input.with_row_index(row.clone(), None), |key| &key.here, here);
        let there = self.payload.iter().map(|taken| column(&taken.there).alias(taken.name.clone())).collect();
        let there = self.keyed(other, |key| &key.there, there);
        // A null key matches nothing: such rows of the other table go, such rows here join an empty one.
        let keyed = self.by.iter().enumerate().map(|(index, _)| by_name(index)).chain([on_name()]);
        let has_key = keyed.map(|name| col(name).is_not_null()).reduce(Expr::and);
        let Some(has_key) = has_key else { return Ok(here) };
        let there = sorted(there.filter(has_key.clone()), &on_name());
        let mut arguments = JoinArgs::new(JoinType::AsOf(Box::new(self.options.clone())))
            .with_coalesce(JoinCoalesce::KeepColumns);
        arguments.maintain_order = MaintainOrderJoin::Left;
        let matched = sorted(here.clone().filter(has_key.clone()), &on_name()).join(
            there,
            [col(on_name())],
            [col(on_name())],
            arguments,
        );
        let columns = |nulls: bool| -> Vec<Expr> {
            let null = |taken: &Taken| lit(NULL).cast(taken.dtype.clone()).alias(taken.name.clone());
            let taken =
                self.payload.iter().map(|taken| if nulls { null(taken) } else { column(&taken.name) });
            let here = self.input.iter_names().chain([&row]).map(column);
            here.chain(taken).collect()
        };
        let unmatched = here.filter(has_key.not()).select(columns(true));
        let both = concat([matched.select(columns(false)), unmatched], UnionArgs::default())?;
        let result =
            self.input.iter_names().cloned().chain(self.payload.iter().map(|taken| taken.name.clone()));
        Ok(sorted(both, &row).select(result.map(|name| column(&name)).collect::<Vec<_>>()))
    }

    fn is_row_by_row(&self) -> bool {
        true
    }
}

fn on_name() -> PlSmallStr {
    PlSmallStr::from_string(format!("{HIDDEN}on"))
}

fn by_name(index: usize) -> PlSmallStr {
    PlSmallStr::from_string(format!("{HIDDEN}by_{index}"))
}

fn set_tolerance(options: &mut AsOfOptions, tolerance: &Tolerance, dtype: &DataType) -> Result<()> {
    match tolerance {
        Tolerance::Number(number) if dtype.is_temporal() => {
            Err(Error::wrong(format!("a tolerance of {number} has no unit"))
                .hint("write a duration: `90m`, `1d`"))
        }
        Tolerance::Number(number) => {
            let value = polars::prelude::AnyValue::Float64(*number).strict_cast(dtype);
            let value = value
                .map(polars::prelude::AnyValue::into_static)
                .ok_or_else(|| Error::wrong(format!("a tolerance of {number} is no {dtype}")))?;
            options.tolerance = Some(Scalar::new(dtype.clone(), value));
            Ok(())
        }
        Tolerance::Duration(_) if !dtype.is_temporal() => {
            Err(Error::wrong(format!("a duration is no tolerance for a key of type {dtype}"))
                .hint("write a number"))
        }
        Tolerance::Duration(text) => {
            polars::prelude::Duration::try_parse(text).map_err(|e| {
                Error::wrong(format!("cannot read the duration \"{text}\""))
                    .because(e)
                    .hint("write `90m`, `36h`, `1d`")
            })?;
            options.tolerance_str = Some(text.as_str().into());
            Ok(())
        }
    }
}
