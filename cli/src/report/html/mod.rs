//! The report as one page that needs nothing else: no network, no other file, and no script to be read.
//!
//! `page.html` is the page, filled from the values that the files beside it make; every text is escaped
//! where it is filled in. A policy in the page forbids every request and every script but its own, which is
//! known by its hash; the script only filters, sorts and draws what the page says already.

mod checks;
mod distribution;
mod lineage;
mod overview;
mod trend;
mod work;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockgate_engine::history::Recalled;
use lockgate_engine::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use self::trend::Trends;
use crate::render::escape;

const PAGE: &str = include_str!("page.html");
const PARTS: &str = include_str!("parts.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page of a run.
pub(super) fn page(recalled: &Recalled) -> Result<String> {
    let record = &recalled.record;
    let trends = Trends::of(recalled);
    let page = context! {
        policy => policy(),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        data => Value::from_safe_string(in_script(&trends.data(recalled))),
        overview => filled(overview::overview(record)),
        runs => filled(trend::runs(recalled)),
        checks => filled(checks::checks(record, &trends)),
        tables => filled(work::tables(&record.tables)),
        inputs => filled(work::inputs(&record.inputs)),
        outputs => filled(work::outputs(&record.tables)),
        phases => filled(work::phases(record)),
        lineage => filled(lineage::drawn(record)),
        distributions => filled(
            recalled.distributions.iter().filter_map(distribution::chart).collect::<Vec<_>>()
        ),
        about => filled(overview::about(record)),
    };
    render(page).map_err(|error| Error::defect("filling in the report's page").because(error))
}

fn filled(value: impl Serialize) -> Value {
    Value::from(Serde(value))
}

fn render(page: Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(harmless);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("parts.html", PARTS)?;
    environment.add_template("page.html", PAGE)?;
    environment.get_template("page.html")?.render(page)
}

/// Writes a value: control characters of a text spelled out, and then escaped for HTML.
fn harmless(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => minijinja::escape_formatter(out, state, &Value::from(escape(text).as_ref())),
        None => minijinja::escape_formatter(out, state, value),
    }
}

/// What the page may do: show itself, with its own style and script.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// JSON that can stand in a script element: nothing in it ends the element, and it is JavaScript too.
fn in_script(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
        safe
    })
}
