//! `trim`: text without what stands around it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::column::Columns;
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::expr::trimmed;
use crate::spec::{FromNode, Node, Spanned};

pub(super) static STEP: StepDef = StepDef {
    name: "trim",
    summary: "Removes blanks, or the given characters, from one or both ends of text.",
    nulls: "Null stays null; text of nothing but blanks becomes the empty text, not null.",
    example: Example {
        step: "trim: ship_mode",
        input: "id:int64,ship_mode:string\n1,\"  AIR \"\n2,\"   \"\n3,\n4,\"\tTO GO\"",
        others: &[],
        output: "id:int64,ship_mode:string\n1,AIR\n2,\"\"\n3,\n4,TO GO",
    },
    parse: |node| Ok(Box::new(Trim::from_node(node)?)),
    schema: arguments::columns_or_schema::<Trim>,
};

/// Columns, and what to remove where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Trim {
    /// Text columns.
    columns: Columns,
    /// Every one of these characters is removed; all Unicode white space if absent.
    characters: Option<Spanned<String>>,
    /// Where to remove.
    #[serde(default)]
    side: Side,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Side {
    #[default]
    Both,
    Start,
    End,
}

impl FromNode for Trim {
    fn from_node(node: &Node) -> Result<Self> {
        arguments::columns_or(node, |columns| Self { columns, characters: None, side: Side::default() })
    }
}

impl Step for Trim {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        if let Some(none) = self.characters.as_ref().filter(|characters| characters.value.is_empty()) {
            return Err(Error::wrong("trim is given no character to remove").at(none.span));
        }
        let characters = self.characters.as_ref().map(|characters| characters.value.as_str());
        let (start, end) = (!matches!(self.side, Side::End), !matches!(self.side, Side::Start));
        let columns = self.columns.resolve(cx.input)?;
        columns.iter().try_for_each(|column| column.need_text("trim"))?;
        Ok(Lowering::Rows(vec![RowOp::With(
            columns.iter().map(|column| trimmed(column.expr(), characters, start, end)).collect(),
        )]))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn one_side_and_given_characters() {
        gives("trim: {columns: x, characters: \"0-\", side: start}", "x:string\n0-07-0", "x:string\n7-0");
        gives("trim: {columns: x, side: end}", "x:string\n\" a \"", "x:string\n\" a\"");
    }

    #[test]
    fn numbers_are_not_trimmed() {
        let error = outcome("trim: x", "x:int64\n1").unwrap_err();
        assert!(
            error.contains("trim works on text, but column \"x\" is int64")
                && error.contains("cast: {x: string}"),
            "{error}"
        );
    }
}
