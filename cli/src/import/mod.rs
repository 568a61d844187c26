//! Checks of other tools, turned into Lockgate's.
//!
//! Each tool has a file that reads its format and says for every check either which rules it becomes, and
//! what differs in meaning, or why it cannot be carried over. Nothing is left out in silence: an argument
//! that nobody looked at refuses the check it belongs to. Nothing here touches a file or a database; SQL is
//! carried over only where it is an expression that Lockgate reads too.

mod args;
mod bounds;
mod dbt;
mod dbt_config;
mod dbt_utils;
mod detect;
mod draft;
mod expectation_columns;
mod expectation_list;
mod expectation_spread;
mod expectations;
mod gx;
mod imported;
mod merge;
mod odcs;
mod odcs_quality;
mod query;
mod soda;
mod soda_condition;
mod soda_contract;
mod soda_history;
mod soda_metric;
mod soda_reconciled;
mod sql;
mod types;
mod write;

use lockgate_engine::spec::{Node, SourceText, did_you_mean, read};
use lockgate_engine::{Error, Result};

pub(crate) use detect::Tool;
pub(crate) use imported::Imported;
pub(crate) use write::{comment, flow, pipeline, scalar};

/// Reads the checks in `text`, of the tool `from` or of whichever it looks like. `name` chooses one dataset
/// of several, or names the only one.
pub(crate) fn import(text: &SourceText, from: Option<Tool>, name: Option<&str>) -> Result<Imported> {
    let root = read(&detect::one_notation(&text.text))?;
    let root = merge::merged(&root)?;
    let tool = from.map_or_else(|| detect::tool(&root), Ok)?;
    let mut imported = Imported::new(tool);
    let reader: fn(&Node, &mut Imported) -> Result<()> = match tool {
        Tool::Odcs => odcs::read,
        Tool::Dbt => dbt::read,
        Tool::Gx => gx::read,
        Tool::Soda => soda::read,
    };
    reader(&root, &mut imported)?;
    imported.refused.sort_by_key(|refused| refused.line);
    if let Some(name) = name {
        imported.choose(name).map_err(|known| {
            let hint = did_you_mean(name, known.iter().map(String::as_str), "there are");
            Error::wrong(format!("no dataset \"{name}\" in {}", text.name)).hint(hint)
        })?;
    }
    Ok(imported)
}

#[cfg(test)]
mod tests;
