//! `column_names`: columns are named as a convention says.

use std::collections::HashMap;

use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::ParamError;
use crate::matcher::Matcher;
use crate::measure::Readings;
use crate::pattern::whole;
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::verdict::{AnsweredFrom, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "column_names",
    aliases: &[],
    dimension: "schema",
    summary: "Every column's name follows a convention, and no two differ only in case.",
    definition: "A name has to be written in the `case` given (`snake_case`, `screaming_snake_case`, `camel_case`, \
                 `pascal_case` and `kebab_case` are of ASCII letters and digits and begin with a letter; `lower_case` and \
                 `upper_case` want no letter of the other case), to match `pattern` as a whole, and to have no more than \
                 `max_length` characters. Names that are equal when brought to lower case fail unless \
                 `allow_same_name_in_other_case`: many databases and file formats take them for the same. Fields of \
                 nested columns are not looked at. Rows and nulls do not matter: the check has an answer for an empty \
                 dataset, and is answered before any data is read.",
    example: Example {
        yaml: "column_names: {case: snake_case, max_length: 30}",
        params: r#"{"case": "snake_case", "max_length": 30}"#,
        input: "order_id:int64,userName:utf8\n1,a\n",
        status: "fail",
        observed: "\"userName\" is not in snake_case",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<ColumnNames>,
    schema: schema_of::<ColumnNames>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ColumnNames {
    /// The case names are written in.
    case: Option<Case>,
    /// A regular expression that matches every name as a whole.
    pattern: Option<String>,
    /// The greatest number of characters.
    max_length: Option<usize>,
    /// Whether names may differ only in case.
    #[serde(default)]
    allow_same_name_in_other_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the variants are the words of the parameter")]
enum Case {
    /// Like this: `order_id`.
    SnakeCase,
    /// Like this: `ORDER_ID`.
    ScreamingSnakeCase,
    /// Like this: `orderId`.
    CamelCase,
    /// Like this: `OrderId`.
    PascalCase,
    /// Like this: `order-id`.
    KebabCase,
    /// No upper case letter.
    LowerCase,
    /// No lower case letter.
    UpperCase,
}

impl Case {
    fn name(self) -> &'static str {
        match self {
            Self::SnakeCase => "snake_case",
            Self::ScreamingSnakeCase => "screaming_snake_case",
            Self::CamelCase => "camel_case",
            Self::PascalCase => "pascal_case",
            Self::KebabCase => "kebab_case",
            Self::LowerCase => "lower_case",
            Self::UpperCase => "upper_case",
        }
    }

    fn fits(self, name: &str) -> bool {
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let words = |parting: char, letter: &dyn Fn(char) -> bool| {
            name.split(parting).all(|word| !word.is_empty() && word.chars().all(letter))
        };
        let begins = |letter: fn(&char) -> bool| name.chars().next().is_some_and(|first| letter(&first));
        let alphanumeric = || name.chars().all(|c| c.is_ascii_alphanumeric());
        match self {
            Self::SnakeCase => begins(char::is_ascii_lowercase) && words('_', &lower),
            Self::ScreamingSnakeCase => begins(char::is_ascii_uppercase) && words('_', &upper),
            Self::KebabCase => begins(char::is_ascii_lowercase) && words('-', &lower),
            Self::CamelCase => begins(char::is_ascii_lowercase) && alphanumeric(),
            Self::PascalCase => begins(char::is_ascii_uppercase) && alphanumeric(),
            Self::LowerCase => name == name.to_lowercase(),
            Self::UpperCase => name == name.to_uppercase(),
        }
    }
}

impl ColumnNames {
    fn pattern(&self) -> Result<Option<Matcher>, ParamError> {
        whole(self.pattern.as_ref(), "pattern")
    }

    /// Names that do not follow the convention, each with the reason.
    fn faults(&self, schema: &Schema, pattern: Option<&Matcher>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut known: HashMap<String, &str> = HashMap::new();
        for name in schema.fields().iter().map(|field| field.name().as_str()) {
            let mut fault = |reason: String| faults.push(Fault { column: name.to_owned(), reason });
            if let Some(case) = self.case.filter(|case| !case.fits(name)) {
                fault(format!("is not in {}", case.name()));
            }
            if let Some((_, written)) =
                pattern.zip(self.pattern.as_ref()).filter(|(pattern, _)| !pattern.is_match(name))
            {
                fault(format!("does not match {written}"));
            }
            if let Some(most) = self.max_length.filter(|most| name.chars().count() > *most) {
                fault(format!("is longer than {most} characters"));
            }
            match known.insert(name.to_lowercase(), name) {
                Some(other) if !self.allow_same_name_in_other_case => {
                    fault(format!("differs from \"{other}\" only in case"));
                }
                _ => {}
            }
        }
        faults
    }
}

impl Rule for ColumnNames {
    fn validate(&self) -> Result<(), ParamError> {
        self.pattern().map(|_| ())
    }

    fn expected(&self) -> String {
        let case = self.case.map(|case| format!("in {}", case.name()));
        let pattern = self.pattern.as_ref().map(|pattern| format!("matching {pattern}"));
        let length = self.max_length.map(|most| format!("at most {most} characters long"));
        let unlike = (!self.allow_same_name_in_other_case).then(|| "different not only in case".to_owned());
        let parts: Vec<String> = [case, pattern, length, unlike].into_iter().flatten().collect();
        if parts.is_empty() { "any names".into() } else { format!("names {}", parts.join(", ")) }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let pattern = self.pattern().map_err(|error| Problem::new(error.message).key("pattern"))?;
        Ok(Bound::Whole(Box::new(Named { faults: self.faults(site.schema, pattern.as_ref()) })))
    }
}

#[derive(Debug)]
struct Fault {
    column: String,
    reason: String,
}

#[derive(Debug)]
struct Named {
    faults: Vec<Fault>,
}

impl Named {
    fn outcome(&self) -> Outcome {
        let shown = self.faults.iter().map(|Fault { column, reason }| format!("\"{column}\" {reason}"));
        let shown: Vec<String> = shown.collect();
        let observed =
            self.faults.iter().map(|fault| json!({"column": fault.column, "reason": fault.reason}));
        let observed: Value = observed.collect();
        let outcome = match shown.as_slice() {
            [] => Outcome::new(Status::Pass, observed, "as the convention says".to_owned()),
            faults => Outcome::new(Status::Fail, observed, faults.join("; ")),
        };
        outcome.from(AnsweredFrom::Plan)
    }
}

impl Judge for Named {
    fn judge(&self, _: &Readings<'_>) -> Outcome {
        self.outcome()
    }

    fn prove(&self, _: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        Some(self.outcome())
    }
}
