//! What a join means, as a Polars plan.

use polars::prelude::{
    Expr, JoinArgs, JoinCoalesce, JoinType, LazyFrame, MaintainOrderJoin, NULL, PlSmallStr, PolarsResult,
    UnionArgs, col, concat, lit,
};

use super::arguments::How;
use super::bound::{Bound, Key};
use crate::steps::HIDDEN;
use crate::steps::column::column;
use crate::steps::rows::hashable;

/// The plan of every kind of join but `asof`.
pub(super) fn plan(join: &Bound, input: LazyFrame, other: LazyFrame) -> PolarsResult<LazyFrame> {
    let there = (join.keys.iter().enumerate())
        .map(|(index, key)| comparable(&key.there, key).alias(hidden(index)))
        .chain(join.payload.iter().map(|taken| column(&taken.there).alias(taken.name.clone())))
        .collect::<Vec<_>>();
    let other = other.select(there);
    let matched = joined(join, input.clone(), other.clone());
    if !join.keeps_there() {
        return Ok(matched);
    }
    let (here, there) = compared(join);
    let unmatched =
        other.join(input, there, here, arguments(JoinType::Anti)).select(columns_of_unmatched(join));
    concat([matched, unmatched], UnionArgs { parallel: false, ..UnionArgs::default() })
}

/// The rows that come of the rows coming in.
fn joined(join: &Bound, input: LazyFrame, other: LazyFrame) -> LazyFrame {
    let how = match join.how {
        How::Inner | How::Right => JoinType::Inner,
        How::Left | How::Full | How::Asof => JoinType::Left,
        How::Semi => JoinType::Semi,
        How::Anti => JoinType::Anti,
    };
    let (here, there) = compared(join);
    let columns: Vec<Expr> = (join.input.iter())
        .map(|(name, _)| match join.keys.iter().find(|key| key.here == *name) {
            Some(key) if join.keeps_there() => column(name).cast(key.dtype.clone()),
            _ => column(name),
        })
        .chain(join.payload.iter().map(|taken| column(&taken.name)))
        .collect();
    input.join(other, here, there, arguments(how)).select(columns)
}

/// A row of the other table alone: its key, and null for everything else here.
fn columns_of_unmatched(join: &Bound) -> Vec<Expr> {
    let here = join.input.iter().map(|(name, dtype)| {
        let key = join.keys.iter().position(|key| key.here == *name);
        match key {
            Some(index) => col(hidden(index)).cast(join.keys[index].dtype.clone()).alias(name.clone()),
            None => lit(NULL).cast(dtype.clone()).alias(name.clone()),
        }
    });
    here.chain(join.payload.iter().map(|taken| column(&taken.name))).collect()
}

/// The keys of both sides.
fn compared(join: &Bound) -> (Vec<Expr>, Vec<Expr>) {
    let pair = |(index, key): (usize, &Key)| (comparable(&key.here, key), col(hidden(index)));
    join.keys.iter().enumerate().map(pair).unzip()
}

/// A key column in the type in which both sides are compared.
fn comparable(name: &PlSmallStr, key: &Key) -> Expr {
    hashable(column(name).cast(key.dtype.clone()), &key.dtype)
}

fn arguments(how: JoinType) -> JoinArgs {
    let mut arguments = JoinArgs::new(how).with_coalesce(JoinCoalesce::KeepColumns);
    arguments.maintain_order = MaintainOrderJoin::LeftRight;
    arguments
}

fn hidden(index: usize) -> String {
    format!("{HIDDEN}key_{index}")
}
