//! `decreasing`: no value is larger than the one before it.

use crate::monotone::{Ordered, parse};
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, schema_of};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "decreasing",
    aliases: &[],
    dimension: "integrity",
    summary: "Each value is at least as small as the one before it.",
    definition: "Neighbours in the order of the dataset's rows, or of `order_by`; with `strict: true` none may be equal, with \
                 `step` each is exactly so much smaller than the one before (a number, or a span such as 1d for dates \
                 and timestamps; not of floats, where no step is exact). `within` compares within the groups of other \
                 columns. Rows that are equal in `order_by` are compared in row order, as peers that sort leave open. \
                 A NaN is out of order with both its neighbours; of `order_by` it comes last. A row with a null in any \
                 of the columns is left out, so that its neighbours meet. Shows the first five values that are out of \
                 order, by their place among the values compared. With `order_by` every row is held, without it only \
                 the ends of each group; more than 10,000,000 of either are an error. Without values the check is \
                 skipped.",
    example: Example {
        yaml: "decreasing: {column: stock, strict: true}",
        params: r#"{"column": "stock", "strict": true}"#,
        input: "stock:float64\n7.5\n2\n\n3\n",
        status: "fail",
        observed: "1 value out of order: 3 after 2 (value 3)",
    },
    cost: Cost::Order,
    shape: Shape::Whole,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: |params| parse(params, true),
    schema: schema_of::<Ordered>,
};
