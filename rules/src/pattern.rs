//! Regular expressions over a column of texts; what `regex` and `not_regex` share.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::mask::test_texts;
use crate::matcher::Matcher;
use crate::rule::{Bound, Problem, RowTest, Rows, Site};

/// A pattern or several.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, expecting = "a pattern or a list of patterns")]
pub(crate) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// How many of several patterns have to match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Match {
    /// One.
    #[default]
    Any,
    /// Every one.
    All,
}

/// How much of a text has to match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// The whole text.
    #[default]
    Full,
    /// Any part of it.
    Search,
}

/// Tests texts against patterns.
#[derive(Debug)]
pub(crate) struct PatternTest {
    /// All of these have to match.
    patterns: Vec<Matcher>,
    negated: bool,
}

/// Compiles patterns; several of which one has to match become one.
pub(crate) fn compile(
    patterns: &[String],
    matching: Match,
    mode: Mode,
    negated: bool,
) -> Result<PatternTest, ParamError> {
    if patterns.is_empty() {
        return Err(ParamError::new("no pattern is given").key("pattern"));
    }
    let compiled = |pattern: &str| match mode {
        Mode::Full => Matcher::of_whole(pattern),
        Mode::Search => Matcher::of_part(pattern),
    };
    let fault = |error: &regex::Error| {
        ParamError::new(format!("the pattern is not a regular expression: {error}"))
            .key("pattern")
            .hint("look-around and back-references are not offered")
    };
    let each: Result<Vec<Matcher>, _> = patterns.iter().map(|pattern| compiled(pattern)).collect();
    let mut each = each.map_err(|error| fault(&error))?;
    if matching == Match::Any && patterns.len() > 1 {
        let either: Vec<String> = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
        each = vec![compiled(&either.join("|")).map_err(|error| fault(&error))?];
    }
    Ok(PatternTest { patterns: each, negated })
}

/// The pattern of the parameter `key`, of which whole texts are to be, if there is one.
pub(crate) fn whole(pattern: Option<&String>, key: &str) -> Result<Option<Matcher>, ParamError> {
    pattern.map(|pattern| Matcher::of_whole(pattern)).transpose().map_err(|error| {
        ParamError::new(format!("the pattern is not a regular expression: {error}")).key(key)
    })
}

/// Refuses a column that holds no texts, and says why.
pub(crate) fn texts_only(site: &Site<'_>, why: &str) -> Result<(), Problem> {
    let (name, data_type) = site.column()?;
    if Family::of(data_type) == Family::Text {
        return Ok(());
    }
    let shown = type_name(data_type);
    let misfit = Problem::new(format!("column \"{name}\" is of type {shown}, {why}"));
    Err(misfit.key("column").hint("cast it to string first"))
}

/// Binds compiled patterns to a column of texts.
pub(crate) fn bind(site: &Site<'_>, test: Result<PatternTest, ParamError>) -> Result<Bound, Problem> {
    texts_only(site, "and patterns match texts only")?;
    Ok(Bound::Rows(Box::new(test?)))
}

impl RowTest for PatternTest {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        test_texts(rows.first()?, |text| {
            self.patterns.iter().all(|pattern| pattern.is_match(text)) != self.negated
        })
    }

    fn per_value(&self) -> bool {
        true
    }
}
