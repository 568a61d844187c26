//! What was typed wrongly, for programs: as an error like any other.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::ErrorKind;
use lockgate_engine::Error;

use super::typed::Format;

/// The format that was asked for, found without understanding the rest.
pub(super) fn format(typed: &[OsString]) -> Format {
    let words: Vec<&str> = typed.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let options = words.split(|word| *word == "--").next().unwrap_or_default();
    let apart = options.windows(2).filter(|pair| pair[0] == "--format").map(|pair| pair[1]);
    let joined = options.iter().filter_map(|word| word.strip_prefix("--format="));
    let asked = apart.chain(joined).last().and_then(|asked| Format::from_str(asked, false).ok());
    asked.unwrap_or_default()
}

/// What clap has to say, in one line, with its tip and the usage as the hint.
pub(super) fn mistake(usage: &clap::Error) -> Error {
    let without = [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if without.contains(&usage.kind()) {
        return Error::wrong("no command is given").hint("`lockgate --help` lists them");
    }
    let said = usage.render().to_string();
    let mut parts = said.split("\n\n").map(one_line).filter(|part| !part.is_empty());
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    let told = |part: String| {
        let tip = part.strip_prefix("tip: ").map(str::to_owned);
        tip.or_else(|| part.strip_prefix("Usage: ").map(|usage| format!("usage: {usage}")))
    };
    let hint: Vec<String> = parts.filter_map(told).collect();
    let mistake = Error::wrong(message);
    if hint.is_empty() { mistake } else { mistake.hint(hint.join("; ")) }
}

fn one_line(part: &str) -> String {
    part.split_whitespace().collect::<Vec<_>>().join(" ")
}
