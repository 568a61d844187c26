//! `join`: brings columns of another table to each row, or keeps rows by whether it has them.
//!
//! The other table is indexed once; batches are then looked up in parallel. `how: asof` is the
//! exception: it needs the rows in the order of the key and goes through Polars.

mod arguments;
mod asof;
mod bound;
mod distant;
mod index;
mod key_types;
mod lazy;
mod operator;
mod payload;
mod ranked;
#[cfg(test)]
mod tests;

use schemars::SchemaGenerator;

use self::arguments::{How, Join};
use self::asof::AsOf;
use self::bound::Bound;
use super::{BindContext, Example, Lowering, Step, StepDef};
use crate::error::{Error, Result};
use crate::spec::{Node, Spanned, decode};

/// The step in the catalogue.
pub(super) static STEP: StepDef = StepDef {
    name: "join",
    summary: "Looks up each row's key in another table. `how`: `left` (default) keeps every row, `inner` those \
              that match, `right` and `full` also rows of the other table that nothing matched, at the end; \
              `semi` and `anti` keep rows that match or do not, and bring no columns; `asof` takes the nearest \
              row by an ordered key. `expect` (`1-1`, `n-1`, `1-n`; `n-n`, the default, checks nothing) is \
              verified while joining: a key that occurs too often on either side stops the run. Unmatched \
              rows of both sides are counted. Rows keep their order; where a row matches several, those come \
              in the order of the other table.",
    nulls: "A null key matches nothing, not even a null; NaN matches NaN and -0 matches 0. Whole numbers of \
            different width match by value. Columns of rows without a match are null. An empty table matches \
            nothing.",
    example: Example {
        step: "join: {with: customers, on: {customer: id}, expect: n-1}",
        input: "order:int64,customer:int64\n1,7\n2,8\n3,\n4,7",
        others: &[("customers", "id:int64,name:string\n7,Ada\n9,Bob")],
        output: "order:int64,customer:int64,name:string\n1,7,Ada\n2,8,\n3,,\n4,7,Ada",
    },
    parse,
    schema,
};

fn parse(node: &Node) -> Result<Box<dyn Step>> {
    let join: Join = decode(node)?;
    join.check()?;
    Ok(Box::new(join))
}

fn schema(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Join>()
}

impl Step for Join {
    fn reads(&self) -> Vec<&Spanned<String>> {
        vec![&self.with]
    }

    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let [(_, other)] = cx.others else {
            return Err(Error::defect("a join is bound with one other table"));
        };
        Ok(match self.how {
            How::Asof => Lowering::Whole(Box::new(AsOf::new(self, cx.input, other)?)),
            _ => Lowering::Stream(Box::new(Bound::new(self, cx.input, other)?)),
        })
    }
}
