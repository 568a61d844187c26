//! `casing`: texts are written in lower, upper or title case, or each in one way.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::{Nulls, OnRow};
use crate::mask::test_texts;
use crate::measure::{Accumulator, MOST_SPELLINGS, MOST_SPELT, Readings, Variant, What};
use crate::passing::{Fared, Wanted};
use crate::pattern::texts_only;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};
use crate::sample::REDACTED;
use crate::scalar::grouped;
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "casing",
    aliases: &[],
    dimension: "validity",
    summary: "Every text is written in lower, upper or title case, or as the others that differ in case only.",
    definition: "By Unicode's case mappings. `lower` and `upper`: no character changes when brought to that case, so \
                 that texts without letters pass, as in SQL `x = upper(x)` and unlike in Python's `isupper`; ß is not \
                 upper case. `title`: the first letter of every word is upper case and the others lower case. Words are \
                 runs of letters, digits, marks and apostrophes, so that a hyphen begins another (Jean-Luc); a word that \
                 begins with a digit has lower case letters only (3rd), as in SQL `initcap`, and after an apostrophe \
                 either case will do (They're, O'Neill). `consistent`: of texts that differ in case only, those fail \
                 that are not written as most of them are; of spellings that are equally common, the first in the order \
                 of UTF-8 bytes (upper before lower case) is the one to follow. Texts differ in case only where their \
                 lower case is the same, bytes and all: é as one character and as two are two texts, and so are ß and \
                 ss. It needs all rows, so that `on_row` does not apply and no rows are shown, but the first five \
                 spellings; more than 262,144 of them, or 64 MiB, are an error. Null is not evaluated (see `nulls`); an \
                 empty text passes. Where nothing is evaluated the check is skipped.",
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
    /// No two texts differ in case only.
    Consistent,
}

impl Rule for Casing {
    fn tests_rows(&self) -> bool {
        self.case != Case::Consistent
    }

    fn expected(&self) -> String {
        match self.case {
            Case::Lower => "in lower case".into(),
            Case::Upper => "in upper case".into(),
            Case::Title => "in title case".into(),
            Case::Consistent => "written as others that differ in case only".into(),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        texts_only(site, "and only texts have a case")?;
        let written = |test: fn(&str) -> bool| Ok(Bound::Rows(Box::new(Written(test))));
        match self.case {
            Case::Lower => written(|text| text.chars().all(is_lower)),
            Case::Upper => written(|text| text.chars().all(is_upper)),
            Case::Title => written(is_title),
            Case::Consistent => bind_consistent(site),
        }
    }
}

/// Asks for all spellings.
fn bind_consistent(site: &mut Site<'_>) -> Result<Bound, Problem> {
    if site.envelope.on_row != OnRow::Keep {
        return Err(Problem::new("which spelling is the commonest is only known after the last row")
            .key("on_row")
            .hint("leave on_row out, or ask for lower, upper or title case"));
    }
    let (name, _) = site.column()?.clone();
    let (wanted, nulls) = (Wanted::of(site.envelope, None), site.nulls().unwrap_or(Nulls::Skip));
    let measure = site.measure(What::Spellings, &[name]);
    Ok(Bound::Whole(Box::new(Consistent { wanted, nulls, measure })))
}

#[derive(Debug)]
struct Written(fn(&str) -> bool);

impl RowTest for Written {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        test_texts(rows.first()?, self.0)
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

/// So many spellings that differ from commoner ones are shown.
const SHOWN: usize = 5;

/// Whether texts that differ in case only are written in one way.
#[derive(Debug)]
struct Consistent {
    wanted: Wanted,
    nulls: Nulls,
    measure: usize,
}

impl Consistent {
    fn outcome(&self, variants: &[Variant<'_>], present: u64, nulls: u64) -> Outcome {
        let differing = variants.iter().map(|variant| variant.rows).sum::<u64>();
        let fared = match self.nulls {
            Nulls::Skip => Fared { evaluated: present, failed: differing, nulls },
            Nulls::Pass => Fared { evaluated: present + nulls, failed: differing, nulls },
            Nulls::Fail => Fared { evaluated: present + nulls, failed: differing + nulls, nulls },
        };
        let mut outcome = fared.judge(self.wanted);
        if fared.evaluated == 0 {
            return outcome;
        }
        let text = |text: Option<&str>| text.unwrap_or(REDACTED).to_owned();
        let shown = variants.iter().take(SHOWN);
        let listed = shown.clone().map(|variant| {
            json!({"value": text(variant.text), "rows": variant.rows, "commonest": text(variant.reference)})
        });
        outcome.observed = json!({"share": fared.share(), "differing": listed.collect::<Vec<Value>>()});
        let named: Vec<String> =
            shown.map(|variant| format!("{} for {}", text(variant.text), text(variant.reference))).collect();
        if !named.is_empty() {
            let more = if variants.len() > SHOWN { ", …" } else { "" };
            outcome.text = format!("{}: {}{more}", outcome.text, named.join(", "));
        }
        outcome
    }
}

impl Judge for Consistent {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Spellings(texts))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the spellings were not counted");
        };
        match texts.variants() {
            Some(variants) => self.outcome(&variants, all.present(), all.nulls),
            None => {
                let (most, bytes) = (grouped(MOST_SPELLINGS as i128), MOST_SPELT >> 20);
                Outcome::error(format!(
                    "there are more than {most} spellings, or {bytes} MiB of them, which are not compared; take \
                     fewer rows with `where`, or ask for lower, upper or title case"
                ))
                .counts(all.present(), all.nulls)
            }
        }
    }
}
