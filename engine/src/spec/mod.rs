//! What was asked: the pipeline file, parsed once, with positions.
//!
//! Text becomes a tree of `Node`s (`reader`), variables are filled in on the way (`vars`), and plain
//! serde types are decoded from nodes (`decode`), so that every mistake is reported at its place.
//! Nothing here reads the environment, the clock or any data.

mod checks;
mod csv;
mod decode;
mod entries;
mod failure;
mod node;
mod one_or_many;
mod pipeline;
mod quarantine_limit;
mod reader;
mod scalar;
mod schema;
mod shield;
mod source;
mod table;
mod text;
mod types;
mod vars;

pub use checks::{CheckPlace, CheckSpec};
pub use csv::{Ascii, Csv, Quote};
pub use decode::{FromNode, Parsed, decode};
pub use entries::Entries;
pub use lockgate_rules::{did_you_mean, nearest};
pub use node::{Node, Span, Spanned, Value};
pub use one_or_many::OneOrMany;
pub use pipeline::Pipeline;
pub use quarantine_limit::QuarantineLimit;
pub use reader::read;
pub use schema::json_schema;
pub use source::{Column, Contract, ExtraColumns, Format, Source, Wanted};
pub use table::{ByteSize, Compression, Mode, StepSpec, Table, Write};
pub use text::SourceText;
pub use types::Type;
pub use vars::Vars;

#[cfg(test)]
mod tests;
