//! `rename`: columns under new names, in their old places.

use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{column, distinct_names, existing, new_name, visible};
use super::{BindContext, Example, Lowering, RowOp, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, Span, Spanned};

pub(super) static STEP: StepDef = StepDef {
    name: "rename",
    summary: "Gives columns new names; names may be swapped, and no two columns may end with the same one.",
    nulls: "Values are not looked at. An empty table is renamed too.",
    example: Example {
        step: "rename: {dep_delay: delay, tailnum: aircraft}",
        input: "tailnum:string,dep_delay:int64\nN14228,2\n,",
        others: &[],
        output: "aircraft:string,delay:int64\nN14228,2\n,",
    },
    parse: arguments::plain::<Rename>,
    schema: arguments::schema_of::<Rename>,
};

/// Old name → new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Rename(Entries<Spanned<String>>);

impl Step for Rename {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut renamed = Vec::new();
        for (old, new) in &self.0 {
            let found = existing(cx.input, old)?;
            renamed.push((found.name, new_name(new)?, new.span));
        }
        let taken_by = |name: &str| renamed.iter().find(|(_, new, _)| new == name);
        for (name, _) in visible(cx.input) {
            let stays = !renamed.iter().any(|(old, ..)| old == name);
            if let (true, Some((.., span))) = (stays, taken_by(name)) {
                return Err(Error::wrong(format!("there is already a column \"{name}\""))
                    .at(*span)
                    .hint(format!("rename or drop \"{name}\" as well, or choose another name")));
            }
        }
        distinct_names(renamed.iter().map(|(_, new, span): &(_, _, Span)| (new.as_str(), *span)))?;
        let columns = visible(cx.input).map(|(name, _)| match renamed.iter().find(|(old, ..)| old == name) {
            Some((_, new, _)) => column(name).alias(new.clone()),
            None => column(name),
        });
        Ok(Lowering::Rows(vec![RowOp::Project(columns.collect())]))
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn names_may_be_swapped() {
        gives("rename: {a: b, b: a}", "a:int64,b:string\n1,x", "b:int64,a:string\n1,x");
    }

    #[test]
    fn a_name_may_not_be_taken_twice() {
        assert!(
            outcome("rename: {a: b}", "a:int64,b:int64\n1,2")
                .unwrap_err()
                .contains("there is already a column \"b\"")
        );
        assert!(
            outcome("rename: {a: c, b: c}", "a:int64,b:int64\n1,2").unwrap_err().contains("called \"c\"")
        );
    }
}
