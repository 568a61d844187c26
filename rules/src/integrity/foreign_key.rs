//! `foreign_key`: keys are found in another dataset.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::keys::KeyKind;
use crate::literal::type_name;
use crate::mask::RowSet;
use crate::other::To;
use crate::reference::{Gathered, KeySet, Reference, Want};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "foreign_key",
    aliases: &[],
    dimension: "integrity",
    summary: "Every key is found in another source or table.",
    definition: "Keys are compared exactly (by a 128-bit hash of their bytes), integers across widths and signs, texts \
                 across layouts; NaN equals NaN. A key with a null column is not evaluated (see `nulls`), as in SQL's MATCH \
                 SIMPLE; keys of the other dataset with a null are in no set. `negate: true` wants them not to be \
                 found. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "foreign_key: {column: city, to: {source: cities, columns: name}}",
        params: r#"{"column": "city", "to": {"source": "cities", "columns": "name"}}"#,
        input: "city:utf8\nBern\nParis\n\nBern\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Join,
    shape: Shape::Row,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<ForeignKey>,
    schema: schema_of::<ForeignKey>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ForeignKey {
    /// Where the keys have to be.
    to: To,
    /// Whether keys must not be found instead.
    #[serde(default)]
    negate: bool,
}

impl Rule for ForeignKey {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate()
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.to.reference(Want::Keys))
    }

    fn expected(&self) -> String {
        format!("{}found in {}", if self.negate { "not " } else { "" }, self.to.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let Some(Gathered::Keys(keys)) = self.reference().and_then(|keys| site.gathered(&keys)).cloned()
        else {
            let message = format!("the keys of \"{}\" were not gathered", self.to.dataset());
            return Err(Problem::new(message).key("to"));
        };
        if keys.kinds().len() != site.columns.len() {
            let (here, there) = (site.columns.len(), keys.kinds().len());
            return Err(Problem::new(format!("{here} columns are compared with {there}")).key("to.columns"));
        }
        for ((name, data_type), kind) in site.columns.iter().zip(keys.kinds()) {
            if KeyKind::of(data_type) != Some(*kind) {
                let shown = type_name(data_type);
                return Err(Problem::new(format!(
                    "column \"{name}\" ({shown}) cannot equal a key of {kind:?}"
                ))
                .key("columns")
                .hint("cast one of them to the type of the other"));
            }
        }
        Ok(Bound::Rows(Box::new(Found { keys, negate: self.negate })))
    }
}

#[derive(Debug)]
struct Found {
    keys: Arc<KeySet>,
    negate: bool,
}

impl RowTest for Found {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let len = rows.first()?.len();
        let nulls =
            rows.columns.iter().fold(None, |all, column| NullBuffer::union(all.as_ref(), column.nulls()));
        let found = self.keys.found(rows.columns, &RowSet::all(len).and_valid(nulls.as_ref()))?;
        Ok(BooleanArray::new(if self.negate { !&found } else { found }, nulls))
    }

    fn per_value(&self) -> bool {
        self.keys.kinds().len() == 1
    }
}
