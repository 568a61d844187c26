//! `union`: the rows of other tables after these.

use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, NULL, PlSmallStr, PolarsResult, Schema, UnionArgs, concat, lit,
};
use polars_core::utils::try_get_supertype;
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{column, is_number, visible};
use super::evaluate::Evaluator;
use super::narrow::{ColumnSet, Needs, roots, stays};
use super::rows::frame;
use super::type_name::type_name;
use super::{
    BindContext, Example, HIDDEN, Lowering, Operator, Rest, Step, StepDef, StreamStep, Then, Turn, arguments,
};
use crate::error::{Error, Result};
use crate::memory::{Memory, Table};
use crate::spec::{FromNode, Node, OneOrMany, Spanned, Value, decode, did_you_mean};

pub(super) static STEP: StepDef = StepDef {
    name: "union",
    summary: "Adds the rows of other tables after the table's own, columns matched by name.",
    nulls: "A column that one of the tables lacks is null in its rows, or an error with missing: fail. Numbers of \
            different types become the wider type. An empty table adds its columns only.",
    example: Example {
        step: "union: late",
        input: "id:int64,amount:int64\n1,10\n2,20",
        others: &[("late", "id:int64,amount:float64,reason:string\n3,0.5,weather")],
        output: "id:int64,amount:float64,reason:string\n1,10,\n2,20,\n3,0.5,weather",
    },
    parse: |node| Ok(Box::new(Union::from_node(node)?)),
    schema: |generator| {
        let names = generator.subschema_for::<OneOrMany<String>>();
        arguments::any_of([names, generator.subschema_for::<Union>()])
    },
};

/// The tables to add, and what a missing column means.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Union {
    /// Sources or tables, in the order in which their rows come.
    with: OneOrMany<Spanned<String>>,
    /// What a column means that not all tables have.
    #[serde(default)]
    missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Missing {
    /// It is null.
    #[default]
    Null,
    /// It is an error.
    Fail,
}

arguments::words_with_null!(Missing, "null", "null" => Null, "fail" => Fail);

impl FromNode for Union {
    fn from_node(node: &Node) -> Result<Self> {
        match node.value {
            Value::Map(_) | Value::Null => decode(node),
            _ => Ok(Self { with: decode(node)?, missing: Missing::default() }),
        }
    }
}

impl Step for Union {
    fn reads(&self) -> Vec<&Spanned<String>> {
        self.with.iter().collect()
    }

    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut out = cx.input.clone();
        for (name, (table, schema)) in self.with.iter().zip(cx.others) {
            if self.missing == Missing::Fail {
                same_columns(cx.input, schema, table, name)?;
            }
            for (column, dtype) in schema.iter() {
                let common = match out.get(column) {
                    Some(own) => widest(own, dtype).ok_or_else(|| {
                        let (own, theirs) = (type_name(own), type_name(dtype));
                        Error::wrong(format!("\"{column}\" is {theirs} in \"{table}\" and {own} before it"))
                            .at(name.span)
                            .hint(format!("cast \"{column}\" in one of the two tables"))
                    })?,
                    None => dtype.clone(),
                };
                out.insert(column.clone(), common);
            }
        }
        let aligned = |schema: &Schema| aligned(schema, &out);
        Ok(Lowering::Stream(Box::new(Stacked {
            own: aligned(cx.input),
            input: cx.input.clone(),
            others: cx.others.iter().map(|(_, schema)| aligned(schema)).collect(),
        })))
    }
}

fn same_columns(own: &Schema, theirs: &Schema, table: &str, name: &Spanned<String>) -> Result<()> {
    let lacking = |of: &Schema, from: &Schema| -> Option<PlSmallStr> {
        visible(of).map(|(column, _)| column.clone()).find(|column| !from.contains(column))
    };
    let names = |schema| visible(schema).map(|(name, _)| name.as_str());
    let (column, hint) = match (lacking(own, theirs), lacking(theirs, own)) {
        (Some(column), _) => {
            let hint = did_you_mean(&column, names(theirs), &format!("\"{table}\" has"));
            (format!("\"{table}\" has no column \"{column}\""), hint)
        }
        (None, Some(column)) => {
            let hint = did_you_mean(&column, names(own), "this table has");
            (format!("only \"{table}\" has a column \"{column}\""), hint)
        }
        (None, None) => return Ok(()),
    };
    Err(Error::wrong(column).at(name.span).hint(hint))
}

/// The type that holds the values of both, if they can stand under each other.
fn widest(a: &DataType, b: &DataType) -> Option<DataType> {
    if a == b {
        return Some(a.clone());
    }
    if is_number(a) && is_number(b) { try_get_supertype(a, b).ok() } else { None }
}

/// The columns of `out` from a table of `schema`.
fn aligned(schema: &Schema, out: &Schema) -> Vec<Expr> {
    out.iter()
        .map(|(name, dtype)| match schema.get(name) {
            Some(own) if own == dtype => column(name),
            Some(_) => column(name).cast(dtype.clone()),
            None => lit(NULL).cast(dtype.clone()).alias(name.clone()),
        })
        .collect()
}

/// Tables under each other, each with its columns aligned.
struct Stacked {
    own: Vec<Expr>,
    input: Schema,
    others: Vec<Vec<Expr>>,
}

impl StreamStep for Stacked {
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let mut stacked = vec![input.select(&self.own)];
        stacked.extend(others.into_iter().zip(&self.others).map(|(other, aligned)| other.select(aligned)));
        concat(stacked, UnionArgs { maintain_order: true, rechunk: true, ..UnionArgs::default() })
    }

    fn narrow(&mut self, wanted: &ColumnSet) -> Option<Needs> {
        let is_wanted = |expr: &Expr| {
            let name = expr.clone().meta().output_name();
            name.is_ok_and(|name| stays(&name, wanted))
        };
        self.own.retain(is_wanted);
        self.others.iter_mut().for_each(|other| other.retain(is_wanted));
        let needed = |exprs: &Vec<Expr>| -> ColumnSet {
            roots(exprs).into_iter().filter(|name| !name.starts_with(HIDDEN)).collect()
        };
        Some(Needs { input: needed(&self.own), others: self.others.iter().map(needed).collect() })
    }

    fn open(&self, others: Vec<Table>, _: &Memory) -> Result<Box<dyn Operator>> {
        let aligned = |(other, aligned): (Table, &Vec<Expr>)| {
            let aligned = Evaluator::new(aligned, other.schema())?;
            Ok((other, aligned))
        };
        let rest = others.into_iter().zip(&self.others).map(aligned).collect::<Result<_>>()?;
        Ok(Box::new(Stacking { own: Evaluator::new(&self.own, &self.input)?, rest }))
    }
}

/// A union under way.
struct Stacking {
    own: Evaluator,
    /// The other tables, each with how its columns are aligned.
    rest: Vec<(Table, Evaluator)>,
}

impl Operator for Stacking {
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>> {
        let columns = self.own.evaluate(&batch)?;
        let aligned = DataFrame::new(batch.height(), columns)
            .map_err(|error| Error::defect("cannot align a batch of a union").because(error))?;
        Ok(Box::new(move || {
            let then: Then<'_> = Box::new(move || Ok(Some(aligned)));
            Ok(then)
        }))
    }

    fn end(&self) -> Result<Rest<'_>> {
        let frames = self.rest.iter().flat_map(|rest| (0..rest.0.len()).map(move |index| (rest, index)));
        Ok(Box::new(frames.map(|((table, aligned), index)| {
            let then: Then<'_> = Box::new(move || {
                let rows = table.read(index)?;
                frame(rows.height(), aligned.evaluate(&rows)?).map(Some)
            });
            Ok(then)
        })))
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("rows_added", self.rest.iter().map(|(table, _)| table.rows()).sum())]
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::Schema;

    use crate::steps::laws::{bound, parsed, table};

    fn refused(yaml: &str, input: &str, other: &str) -> String {
        let (input, other) = (table::read(input), table::read(other));
        let schema: &Schema = input.schema();
        match bound(parsed(yaml).unwrap().as_ref(), schema, &[("late", &other)]) {
            Ok(_) => String::new(),
            Err(error) => format!("{} ({})", error.message(), error.cure().unwrap_or("")),
        }
    }

    #[test]
    fn unlike_types_of_one_name_are_refused() {
        let error = refused("union: late", "id:int64\n1", "id:string\nx");
        assert!(error.contains("\"id\" is string in \"late\" and int64 before it"), "{error}");
    }

    #[test]
    fn missing_columns_are_refused_when_told_so() {
        let error = refused(
            "union: {with: late, missing: fail}",
            "id:int64,amount:int64\n1,2",
            "id:int64,amont:int64\n1,2",
        );
        assert!(
            error.contains("\"late\" has no column \"amount\"") && error.contains("\"amont\""),
            "{error}"
        );
        assert_eq!(refused("union: {with: late, missing: null}", "id:int64\n1", "x:int64\n1"), "");
    }
}
