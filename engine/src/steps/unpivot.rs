//! `unpivot`: columns become rows.

use polars::prelude::{
    DataType, Expr, IntoSeries, NewChunkedArray, PlSmallStr, Scalar, StringChunked, as_list, lit,
};
use polars_core::prelude::AnyValue;
use polars_core::utils::try_get_supertype;
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Columns, Found, column, distinct_names, is_number, new_name, visible};
use super::type_name::type_name;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Span, Spanned};

pub(super) static STEP: StepDef = StepDef {
    name: "unpivot",
    summary: "Makes a row for each of the columns, with the column's name and its value; the index columns repeat.",
    nulls: "A null value makes a row, unless nulls: drop. The columns have one type, or are numbers of different \
            types and become the widest of them.",
    example: Example {
        step: "unpivot: {columns: [q1, q2], index: region, names_to: quarter, values_to: revenue}",
        input: "region:string,q1:int64,q2:float64\nnorth,10,1.5\nsouth,,2",
        others: &[],
        output: "region:string,quarter:string,revenue:float64\nnorth,q1,10\nnorth,q2,1.5\nsouth,q1,\nsouth,q2,2",
    },
    parse: arguments::plain::<Unpivot>,
    schema: arguments::schema_of::<Unpivot>,
};

/// Which columns become rows, and under which names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unpivot {
    /// The columns that become rows.
    columns: Columns,
    /// The columns that stay and repeat; all others if absent.
    index: Option<Columns>,
    /// The column of the names.
    #[serde(default = "names_to")]
    names_to: Spanned<String>,
    /// The column of the values.
    #[serde(default = "values_to")]
    values_to: Spanned<String>,
    /// Whether null values make rows.
    #[serde(default)]
    nulls: Nulls,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Nulls {
    #[default]
    Keep,
    Drop,
}

fn names_to() -> Spanned<String> {
    Spanned { value: "name".into(), span: Span::default() }
}

fn values_to() -> Spanned<String> {
    Spanned { value: "value".into(), span: Span::default() }
}

impl Step for Unpivot {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let columns = self.columns.resolve(cx.input)?;
        let index: Vec<(PlSmallStr, Span)> = match &self.index {
            Some(index) => {
                index.resolve(cx.input)?.into_iter().map(|found| (found.name, found.span)).collect()
            }
            None => visible(cx.input)
                .filter(|(name, _)| !columns.iter().any(|unpivoted| unpivoted.name == **name))
                .map(|(name, _)| (name.clone(), Span::default()))
                .collect(),
        };
        let (names, values) = (new_name(&self.names_to)?, new_name(&self.values_to)?);
        distinct_names(
            index
                .iter()
                .map(|(name, span)| (name.as_str(), *span))
                .chain([(names.as_str(), self.names_to.span), (values.as_str(), self.values_to.span)]),
        )?;
        let dtype = common_type(&columns)?;
        let items: Vec<Expr> = columns.iter().map(|column| column.expr().cast(dtype.clone())).collect();
        let items = as_list(items).map_err(|error| Error::wrong("unpivot names no column").because(error))?;
        let mut project: Vec<Expr> = index.iter().map(|(name, _)| column(name)).collect();
        project.extend([list_of_names(&columns).alias(names.clone()), items.alias(values.clone())]);
        let mut ops = vec![
            RowOp::Project(project),
            RowOp::Explode { columns: vec![names, values.clone()], keep_empty: true },
        ];
        if self.nulls == Nulls::Drop {
            ops.push(RowOp::Keep(column(&values).is_not_null()));
        }
        Ok(Lowering::Rows(ops))
    }
}

fn list_of_names(columns: &[Found]) -> Expr {
    let names =
        StringChunked::from_iter_values(PlSmallStr::EMPTY, columns.iter().map(|column| column.name.as_str()));
    let list = DataType::List(Box::new(DataType::String));
    lit(Scalar::new(list, AnyValue::List(names.into_series())))
}

/// The type in which all the columns can stand under each other.
fn common_type(columns: &[Found]) -> Result<DataType> {
    let Some((first, rest)) = columns.split_first() else {
        return Err(Error::wrong("unpivot names no column"));
    };
    rest.iter().try_fold(first.dtype.clone(), |dtype, column| {
        if dtype == column.dtype {
            return Ok(dtype);
        }
        let both_numbers = is_number(&dtype) && is_number(&column.dtype);
        both_numbers.then(|| try_get_supertype(&dtype, &column.dtype).ok()).flatten().ok_or_else(|| {
            let (own, others) = (type_name(&column.dtype), type_name(&dtype));
            Error::wrong(format!("\"{}\" is {own} and \"{}\" is {others}", column.name, first.name))
                .at(column.span)
                .hint("cast them to one type before this step")
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn null_values_make_rows_unless_dropped() {
        let input = "id:int64,a:string,b:string\n1,x,\n2,,y";
        gives(
            "unpivot: {columns: [a, b]}",
            input,
            "id:int64,name:string,value:string\n1,a,x\n1,b,\n2,a,\n2,b,y",
        );
        gives(
            "unpivot: {columns: [a, b], nulls: drop}",
            input,
            "id:int64,name:string,value:string\n1,a,x\n2,b,y",
        );
    }

    #[test]
    fn columns_of_unlike_types_are_refused() {
        let error = outcome("unpivot: {columns: [a, b]}", "a:string,b:int64\nx,1").unwrap_err();
        assert!(error.contains("\"b\" is int64 and \"a\" is string"), "{error}");
    }

    #[test]
    fn a_name_taken_by_the_index_is_refused() {
        let error = outcome("unpivot: {columns: a, names_to: id}", "id:int64,a:int64\n1,2").unwrap_err();
        assert!(error.contains("two columns would be called \"id\""), "{error}");
    }
}
