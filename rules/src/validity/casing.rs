//! `casing`: texts are written in lower, upper or title case.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::mask::test_texts;
use crate::pattern::texts_only;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "casing",
    aliases: &[],
    dimension: "validity",
    summary: "Every text is written in lower, upper or title case.",
    definition: "By Unicode's case mappings. `lower` and `upper`: no character changes when brought to that case, so \
                 that texts without letters pass, as in SQL `x = upper(x)` and unlike in Python's `isupper`; ß is not \
                 upper case. `title`: the first letter of every word is upper case and the others lower case. Words are \
                 runs of letters, digits, marks and apostrophes, so that a hyphen begins another (Jean-Luc); a word that \
                 begins with a digit has lower case letters only (3rd), as in SQL `initcap`, and after an apostrophe \
                 either case will do (They're, O'Neill). Null is not evaluated (see `nulls`); an empty text passes. \
                 Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "casing: {column: city, case: title}",
        params: r#"{"column": "city", "case": "title"}"#,
        input: "city:utf8\nNew York\nnew york\n\nZÜRICH\nÎle-De-Bréhat\n",
        status: "fail",
        observed: "2 of 4 fail (50 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Casing>,
    schema: schema_of::<Casing>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Casing {
    /// The case.
    case: Case,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Case {
    /// No letter is upper case.
    Lower,
    /// No letter is lower case.
    Upper,
    /// Words begin with upper case.
    Title,
}

impl Rule for Casing {
    fn expected(&self) -> String {
        let case = match self.case {
            Case::Lower => "lower",
            Case::Upper => "upper",
            Case::Title => "title",
        };
        format!("in {case} case")
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        texts_only(site, "and only texts have a case")?;
        Ok(Bound::Rows(Box::new(Written(self.case))))
    }
}

#[derive(Debug)]
struct Written(Case);

impl RowTest for Written {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        match self.0 {
            Case::Lower => test_texts(column, |text| text.chars().all(is_lower)),
            Case::Upper => test_texts(column, |text| text.chars().all(is_upper)),
            Case::Title => test_texts(column, is_title),
        }
    }

    fn per_value(&self) -> bool {
        true
    }
}

fn is_lower(c: char) -> bool {
    c.to_lowercase().eq([c])
}

fn is_upper(c: char) -> bool {
    c.to_uppercase().eq([c])
}

/// Where in a word a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Within,
    AfterApostrophe,
}

fn is_title(text: &str) -> bool {
    let mut place = Place::Start;
    for c in text.chars() {
        let fits = match place {
            Place::Start => !c.is_lowercase() || is_upper(c),
            Place::Within => is_lower(c),
            Place::AfterApostrophe => true,
        };
        if !fits {
            return false;
        }
        place = match c {
            '\'' | '’' if place != Place::Start => Place::AfterApostrophe,
            '\u{300}'..='\u{36f}' => place,
            c if c.is_alphanumeric() => Place::Within,
            _ => Place::Start,
        };
    }
    true
}
