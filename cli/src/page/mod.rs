//! Pages that need nothing else: no network, no other file, and no script to be read.
//!
//! `frame.html` is what all pages share, and each page is a template that extends it; every text is escaped
//! where it is filled in. A policy in the page forbids every request and every script but its own, which is
//! known by its hash; scripts only filter, sort and draw what the page says already.

mod bars;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::render::escape;

pub(crate) use bars::{Bars, silhouette};

const FRAME: &str = include_str!("frame.html");
const BARS: &str = include_str!("bars.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A kind of page: what it adds to the frame.
pub(crate) struct Page {
    /// The template, which extends `frame.html`.
    pub(crate) template: &'static str,
    /// Macros, which the template finds as `parts.html`.
    pub(crate) parts: &'static str,
    /// Rules after those that all pages share.
    pub(crate) style: &'static str,
    /// Statements after those that all pages share.
    pub(crate) script: &'static str,
}

/// A figure at the head of a page, with what it is.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: &'static str,
    /// The figure.
    pub(crate) value: String,
    /// What else is to be said of it.
    pub(crate) note: String,
}

impl Page {
    /// The page with `values` in their places. `overview` is one of them: a `tone` and `figures`, which are
    /// [`Figure`]s.
    pub(crate) fn filled(&self, values: Value) -> Result<String, minijinja::Error> {
        let (style, script) = (self.whole_style(), self.whole_script());
        let policy = policy(&style, &script);
        let own = context! {
            policy,
            style => Value::from_safe_string(style),
            script => Value::from_safe_string(script),
            ..values
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(harmless);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_template("frame.html", FRAME)?;
        environment.add_template("bars.html", BARS)?;
        environment.add_template("parts.html", self.parts)?;
        environment.add_template("page.html", self.template)?;
        environment.get_template("page.html")?.render(own)
    }

    fn whole_style(&self) -> String {
        format!("{STYLE}{}", self.style)
    }

    fn whole_script(&self) -> String {
        format!("\"use strict\";\n(() => {{\n{SCRIPT}{}}})();\n", self.script)
    }

    /// A page without its own style and script, for tests of what data brings into it.
    #[cfg(test)]
    pub(crate) fn without_own(&self, page: &str) -> String {
        page.replace(&self.whole_style(), "").replace(&self.whole_script(), "")
    }
}

/// A value as templates see it.
pub(crate) fn value(of: impl Serialize) -> Value {
    Value::from(Serde(of))
}

/// JSON that can stand in a script element: nothing in it ends the element, and it is JavaScript too.
pub(crate) fn in_script(json: &str) -> Value {
    Value::from_safe_string(json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
        safe
    }))
}

/// Writes a value: control characters of a text spelled out, and then escaped for HTML.
fn harmless(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => minijinja::escape_formatter(out, state, &Value::from(escape(text).as_ref())),
        None => minijinja::escape_formatter(out, state, value),
    }
}

/// What the page may do: show itself, with its own style and script.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(style),
        hash(script)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::HOSTILE;

    #[test]
    fn data_in_a_script_element_does_not_end_it() {
        let json = in_script(&serde_json::json!([HOSTILE]).to_string()).to_string();
        assert!(!json.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).expect("JSON"), [HOSTILE]);
    }
}
