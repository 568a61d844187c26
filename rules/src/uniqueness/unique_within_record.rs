//! `unique_within_record`: the values of a row differ from each other.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::comparison::Op;
use crate::mask::truths;
use crate::pairs::{Common, compare_columns};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "unique_within_record",
    aliases: &[],
    dimension: "uniqueness",
    summary: "The values of the columns differ from each other in every row.",
    definition: "A row fails when two of its values are equal. Whole numbers, decimals, dates and timestamps are \
                 compared exactly, floats as IEEE numbers (NaN is equal to nothing, 0 equals −0), texts by their bytes, \
                 so that empty texts are equal. Nulls are left out: null is not equal to null, unlike in Great \
                 Expectations on pandas. A row with fewer than two values is not evaluated (see `nulls`). Where \
                 nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "unique_within_record: {columns: [home, work, mobile]}",
        params: r#"{"columns": ["home", "work", "mobile"]}"#,
        input: "home:int64,work:int64,mobile:int64\n1,2,3\n1,,1\n4,,\n5,,6\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::Together(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<UniqueWithinRecord>,
    schema: schema_of::<UniqueWithinRecord>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UniqueWithinRecord {}

impl Rule for UniqueWithinRecord {
    fn expected(&self) -> String {
        "different from each other".into()
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let mut pairs = Vec::new();
        for (second, (right, right_type)) in site.columns.iter().enumerate() {
            for (first, (left, left_type)) in site.columns.iter().enumerate().take(second) {
                let common = Common::of((left, left_type), (right, right_type));
                pairs.push((first, second, common.map_err(|problem| problem.key("columns"))?));
            }
        }
        Ok(Bound::Rows(Box::new(AllDiffer { pairs })))
    }
}

#[derive(Debug)]
struct AllDiffer {
    /// Positions of two columns, and what they are compared as.
    pairs: Vec<(usize, usize, Common)>,
}

impl RowTest for AllDiffer {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let len = rows.first()?.len();
        let mut equal = BooleanBuffer::new_unset(len);
        let mut known = BooleanBuffer::new_unset(len);
        for (first, second, common) in &self.pairs {
            let pair = compare_columns(rows.at(*first)?, rows.at(*second)?, Op::Eq, *common)?;
            equal = &equal | &truths(&pair);
            known = pair.nulls().map_or_else(|| BooleanBuffer::new_set(len), |both| &known | both.inner());
        }
        Ok(BooleanArray::new(!&equal, Some(NullBuffer::new(known))))
    }
}
