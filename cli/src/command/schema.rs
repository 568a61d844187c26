//! `lockgate schema`: the JSON Schema of the pipeline file.

use lockgate_engine::spec;

use crate::exit::Ended;
use crate::failure::Failure;
use crate::screen::Screen;

/// Prints the schema, whatever the format asked for.
pub(super) fn schema(screen: &Screen) -> Result<Ended, Failure> {
    screen.print_json(&spec::json_schema())?;
    Ok(Ended::Done)
}
