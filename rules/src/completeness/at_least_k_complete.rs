//! `at_least_k_complete`: enough of the columns are not null.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "at_least_k_complete",
    aliases: &[],
    dimension: "completeness",
    summary: "At least `k` of the columns are not null in every row.",
    definition: "A row passes when at least `k` (1 by default) of its values are not null. NaN and empty text are not \
                 null. Every row in scope is evaluated; without rows the check is skipped. Where footers count no nulls \
                 in any of the columns, no row is read.",
    example: Example {
        yaml: "at_least_k_complete: {columns: [email, phone, address], k: 2}",
        params: r#"{"columns": ["email", "phone", "address"], "k": 2}"#,
        input: "email:utf8,phone:utf8,address:utf8\na,b,\n,b,\na,b,c\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<AtLeastKComplete>,
    schema: schema_of::<AtLeastKComplete>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AtLeastKComplete {
    /// How many columns must not be null.
    #[serde(default = "one")]
    k: u32,
}

fn one() -> u32 {
    1
}

impl Rule for AtLeastKComplete {
    fn validate(&self) -> Result<(), ParamError> {
        if self.k == 0 {
            return Err(ParamError::new("k is 0, so nothing could fail").key("k"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        format!("at least {} not null", self.k)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let count = site.columns.len();
        if self.k as usize > count {
            let few =
                Problem::new(format!("{} of {count} columns are wanted, so nothing could pass", self.k));
            return Err(few.key("k"));
        }
        Ok(Bound::Rows(Box::new(Complete { k: self.k })))
    }
}

#[derive(Debug)]
struct Complete {
    k: u32,
}

impl RowTest for Complete {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let mut present = vec![0_u32; rows.first()?.len()];
        for column in rows.columns {
            match column.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                None => present.iter_mut().for_each(|count| *count += 1),
                Some(nulls) => {
                    for (count, valid) in present.iter_mut().zip(nulls.iter()) {
                        *count += u32::from(valid);
                    }
                }
            }
        }
        let enough = BooleanBuffer::collect_bool(present.len(), |row| present[row] >= self.k);
        Ok(BooleanArray::new(enough, None))
    }

    fn tests_nulls(&self) -> bool {
        true
    }

    /// With fewer columns the rows with a null could not be counted.
    fn known_to_fail(&self, proofs: &Proofs, columns: &[&str]) -> Option<u64> {
        columns.iter().all(|column| proofs.nulls(column) == Some(0)).then_some(0)
    }
}
