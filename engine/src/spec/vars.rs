//! Variables: `${name}` and `${name:-default}` in any scalar of the file.
//!
//! A name is looked up among `--var`, then the file's own `vars`, then the environment. `$${` stands for
//! a literal `${`. A plain scalar takes the type its filled text would have in YAML, so that
//! `mostly: ${share}` is a number; a quoted one stays text. With a default, an empty value counts as unset.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::node::{Node, Span, Value};
use super::reader;
use super::{did_you_mean, nearest};
use crate::error::{Error, Result};

/// Words in a variable's name that make its value unfit for printing.
const SECRET_WORDS: [&str; 5] = ["SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "KEY"];

/// What is shown in place of a secret.
const MASK: &str = "***";

/// The variables of one pipeline file.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    known: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    given: BTreeMap<String, String>,
}

impl Vars {
    /// With those given on the command line and in the environment.
    pub fn new(given: &[(String, String)], environment: &BTreeMap<String, String>) -> Self {
        let given: BTreeMap<String, String> = given.iter().cloned().collect();
        Self { known: given.clone(), environment: environment.clone(), given }
    }

    /// Adds the file's own variables, each of which may refer to those before it.
    pub fn declare(&mut self, vars: &Node) -> Result<()> {
        let entries = match &vars.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => return Err(Error::wrong("`vars` must map names to values").at(vars.span)),
        };
        for (name, node) in entries {
            let text = match &node.value {
                Value::Text(text) => self.fill(text, node.span)?,
                Value::Bool(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                Value::Float(value) => value.to_string(),
                Value::Null => String::new(),
                Value::List(_) | Value::Map(_) => {
                    let message = format!("variable \"{}\" must be a single value", name.value);
                    return Err(Error::wrong(message).at(node.span));
                }
            };
            self.known.entry(name.value.clone()).or_insert(text);
        }
        for name in self.given.keys() {
            if !entries.iter().any(|(known, _)| known.value == *name) {
                let known = entries.iter().map(|(known, _)| known.value.as_str());
                return Err(Error::wrong(format!("the pipeline has no variable \"{name}\""))
                    .at(vars.span)
                    .hint(did_you_mean(name, known, "it has")));
            }
        }
        Ok(())
    }

    /// Reads `text` with every reference filled in.
    pub(super) fn read(&self, text: &str) -> Result<Node> {
        reader::read_filled(text, Some(&|scalar, span| self.fill(scalar, span)))
    }

    /// Names and values for the run record; secrets masked.
    pub fn shown(&self) -> BTreeMap<String, String> {
        let masked = |(name, value): (&String, &String)| {
            let value = if is_secret(name) { MASK.to_owned() } else { self.mask(value) };
            (name.clone(), value)
        };
        self.known.iter().map(masked).collect()
    }

    /// Names and true values of all that `text`, the pipeline file, may refer to, for the run's identity:
    /// its variables, and what it takes from the environment.
    pub fn identity<'a>(&'a self, text: &'a str) -> BTreeMap<&'a str, &'a str> {
        let references = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        let names = references.map(|(reference, _)| reference.split(":-").next().unwrap_or_default().trim());
        let taken = names.filter_map(|name| self.environment.get_key_value(name));
        // A variable of the file hides one of the environment.
        let values = taken.chain(&self.known);
        values.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// `text` without the values of secret variables. Values under four characters are not looked for.
    pub fn mask(&self, text: &str) -> String {
        hide(&self.secrets(), text)
    }

    fn secrets(&self) -> Vec<&str> {
        let secrets = self.known.iter().chain(&self.environment);
        let mut secrets: Vec<&str> = secrets
            .filter(|(name, value)| is_secret(name) && value.len() > 3)
            .map(|(_, value)| value.as_str())
            .collect();
        // The longest first, so that a secret within another leaves nothing of the longer one.
        secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
        secrets
    }

    /// Whether `text`, the pipeline file, refers to secret variables.
    pub fn refers_to_secrets(&self, text: &str) -> bool {
        self.identity(text).keys().any(|name| is_secret(name))
    }

    /// `value` without the values of the secret variables that `text`, the pipeline file, refers to.
    pub fn masked<T: Serialize + DeserializeOwned>(&self, text: &str, value: T) -> T {
        if !self.refers_to_secrets(text) {
            return value;
        }
        let secrets = self.secrets();
        let masked = serde_json::to_value(&value).map(|json| hide_in(&secrets, json));
        masked.and_then(serde_json::from_value).unwrap_or(value)
    }

    /// `error` without the values of secret variables.
    pub fn mask_error(&self, error: Error) -> Error {
        error.masked(&|text| self.mask(text))
    }

    fn fill(&self, text: &str, span: Span) -> Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                filled.push_str(&rest[..at - 1]);
                filled.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            filled.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let end = inside.find('}').ok_or_else(|| {
                Error::wrong("`${` without a closing `}`").at(span).hint("write `$${` for a literal `${`")
            })?;
            filled.push_str(&self.value(&inside[..end], span)?);
            rest = &inside[end + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value(&self, reference: &str, span: Span) -> Result<String> {
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (reference.trim(), None),
        };
        let found = self.known.get(name).or_else(|| self.environment.get(name));
        match (found.filter(|value| default.is_none() || !value.is_empty()), default) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => {
                let near =
                    nearest(name, self.known.keys().chain(self.environment.keys()).map(String::as_str));
                let near = near.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
                Err(Error::wrong(format!("variable \"{name}\" is not set")).at(span).hint(format!(
                    "{near}pass --var {name}=… for a variable of the file, set it in the environment, or give a \
                     default: ${{{name}:-…}}"
                )))
            }
        }
    }
}

fn hide(secrets: &[&str], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
}

fn hide_in(secrets: &[&str], json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => Json::String(hide(secrets, &text)),
        Json::Array(items) => items.into_iter().map(|item| hide_in(secrets, item)).collect(),
        Json::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, hide_in(secrets, value))).collect()
        }
        plain => plain,
    }
}

/// Whether the value of a variable of this name is not to be shown.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read;

    fn vars(file: &str, given: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Vars> {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let mut vars = Vars::new(&own(given), &own(environment).into_iter().collect());
        vars.declare(&read(file)?).map(|()| vars)
    }

    fn filled(vars: &Vars, yaml: &str) -> Value {
        vars.read(yaml).unwrap().value
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_environment() {
        let vars = vars("{a: file, b: file}", &[("a", "line")], &[("a", "env"), ("b", "env"), ("c", "env")])
            .unwrap();
        assert_eq!(
            filled(&vars, "'${a} ${b} ${c} ${d:-default}'"),
            Value::Text("line file env default".into())
        );
    }

    #[test]
    fn a_run_is_known_by_the_variables_it_takes_and_by_no_others() {
        let environment = [("REGION", "eu"), ("HOME", "/h"), ("a", "env")];
        let vars = vars("{a: file}", &[], &environment).unwrap();
        let text = "read: ${a}/${ REGION :-us}/${NOPE:-x}";
        assert_eq!(vars.identity(text), BTreeMap::from([("a", "file"), ("REGION", "eu")]));
    }

    #[test]
    fn a_variable_may_refer_to_one_before_it() {
        let vars = vars("{root: ${HOME:-/x}, lake: '${root}/lake'}", &[], &[]).unwrap();
        assert_eq!(filled(&vars, "${lake}"), Value::Text("/x/lake".into()));
    }

    #[test]
    fn a_lone_reference_takes_the_type_of_its_text() {
        let vars = vars("{n: 3, t: 'yes'}", &[], &[]).unwrap();
        assert_eq!(filled(&vars, "${n}"), Value::Int(3));
        assert_eq!(filled(&vars, "${n}${n}.5"), Value::Float(33.5));
        assert_eq!(filled(&vars, "'${n}'"), Value::Text("3".into()), "quotes make text");
        assert_eq!(filled(&vars, "n${n}"), Value::Text("n3".into()));
    }

    #[test]
    fn a_doubled_dollar_stands_for_itself() {
        assert_eq!(filled(&vars("{}", &[], &[]).unwrap(), "'$${a}'"), Value::Text("${a}".into()));
    }

    #[test]
    fn an_unset_variable_and_an_unknown_var_option_are_errors() {
        assert!(vars("{}", &[], &[]).unwrap().read("'${nope}'").is_err());
        assert!(vars("{lake: x}", &[("lak", "y")], &[]).is_err());
    }

    #[test]
    fn secrets_are_masked_where_variables_are_shown() {
        let vars = vars("{db_password: hunter2, lake: x}", &[], &[]).unwrap();
        assert_eq!(vars.shown()["db_password"], "***");
    }

    #[test]
    fn a_secret_shows_in_no_message() {
        let vars = vars("{api_token: s3cr3t-value, url: 'https://x/${api_token}'}", &[], &[]).unwrap();
        assert_eq!(vars.mask("no such host s3cr3t-value"), "no such host ***");
        assert_eq!(vars.shown()["url"], "https://x/***");
        let error = vars.mask_error(Error::wrong("unknown choice \"s3cr3t-value\"").hint("fix s3cr3t-value"));
        assert_eq!((error.message(), error.cure()), ("unknown choice \"***\"", Some("fix ***")));
    }

    proptest::proptest! {
        #[test]
        fn text_without_references_stays_as_it_is(text in "[^$\u{0}]{0,30}") {
            let span = Span::default();
            proptest::prop_assert_eq!(Vars::default().fill(&text, span).unwrap(), text);
        }

        #[test]
        fn a_filled_value_is_not_filled_again(value in "[ -~]{1,20}", before in "[a-z ]{0,5}", after in "[a-z ]{0,5}") {
            let vars = Vars::new(&[("v".to_owned(), value.clone())], &BTreeMap::new());
            let filled = vars.fill(&format!("{before}${{v}}{after}"), Span::default()).unwrap();
            proptest::prop_assert_eq!(filled, format!("{before}{value}{after}"));
        }

        #[test]
        fn an_escaped_reference_is_what_it_was(name in "[a-z]{1,9}") {
            let filled = Vars::default().fill(&format!("$${{{name}}}"), Span::default()).unwrap();
            proptest::prop_assert_eq!(filled, format!("${{{name}}}"));
        }
    }
}
