//! `non_overlapping_ranges`: ranges from a lower to an upper column do not overlap.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::keys::KeyKind;
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, MOST_PAIRS, NAN_KEY, Pair, Pairs, Readings, What, key_text};
use crate::monotone::{need_key, need_order};
use crate::pattern::OneOrMany;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "non_overlapping_ranges",
    aliases: &["mutually_exclusive_ranges"],
    dimension: "integrity",
    summary: "The ranges from a lower to an upper column do not overlap.",
    definition: "As dbt_utils' `mutually_exclusive_ranges`: each `lower` is below its `upper` (with `zero_length: true` it may \
                 equal it), and of ranges sorted by lower, then upper, each ends no later than the next begins. `gaps: \
                 allowed` is that (upper ≤ next lower), `not_allowed` asks for upper = next lower, `required` for upper \
                 < next lower. `partition_by` compares within groups. A row with a null in any of the columns is left \
                 out (dbt_utils fails it), so that an open end is not compared: fill it first, or use `not_null`. A NaN \
                 bound fails. Shows the first five ranges that fail. Every row is held; more than 10,000,000 are an \
                 error. Without ranges the check is skipped.",
    example: Example {
        yaml: "non_overlapping_ranges: {lower: valid_from, upper: valid_to, partition_by: product}",
        params: r#"{"lower": "valid_from", "upper": "valid_to", "partition_by": "product"}"#,
        input: "product:utf8,valid_from:int64,valid_to:int64\na,5,9\na,1,6\nb,2,4\nb,4,\n",
        status: "fail",
        observed: "1 overlap: 1 to 6, 5 to 9",
    },
    cost: Cost::Order,
    shape: Shape::Whole,
    columns: Columns::None,
    short: None,
    answers_empty: false,
    parse: parse_params::<Ranges>,
    schema: schema_of::<Ranges>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ranges {
    /// The column of lower bounds.
    lower: String,
    /// The column of upper bounds.
    upper: String,
    /// Columns within whose groups ranges are compared.
    partition_by: Option<OneOrMany>,
    /// Whether there may be gaps between ranges.
    #[serde(default)]
    gaps: Gaps,
    /// Whether a range may begin where it ends.
    #[serde(default)]
    zero_length: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Gaps {
    /// There may be gaps.
    #[default]
    Allowed,
    /// Each range begins where the one before ends.
    NotAllowed,
    /// Each range begins after the one before ends.
    Required,
}

impl Ranges {
    fn partition(&self) -> &[String] {
        self.partition_by.as_ref().map(OneOrMany::as_slice).unwrap_or_default()
    }

    /// Whether a range may end at `upper` where the next begins at `lower`.
    fn may_follow(&self, upper: i128, lower: i128) -> bool {
        match self.gaps {
            Gaps::Allowed => upper <= lower,
            Gaps::NotAllowed => upper == lower,
            Gaps::Required => upper < lower,
        }
    }
}

impl Rule for Ranges {
    fn other_columns(&self) -> Vec<&str> {
        [&self.lower, &self.upper].into_iter().chain(self.partition()).map(String::as_str).collect()
    }

    fn expected(&self) -> String {
        let gaps = match self.gaps {
            Gaps::Allowed => "",
            Gaps::NotAllowed => ", without gaps",
            Gaps::Required => ", with gaps",
        };
        format!("ranges that do not overlap{gaps}")
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (lower, upper) = (site.other(&self.lower)?.clone(), site.other(&self.upper)?);
        need_order(&self.lower, &lower, "lower")?;
        need_order(&self.upper, upper, "upper")?;
        if KeyKind::of(&lower) != KeyKind::of(upper) {
            let message = format!(
                "\"{}\" is of type {}, but \"{}\" of type {}",
                self.lower,
                type_name(&lower),
                self.upper,
                type_name(upper)
            );
            return Err(Problem::new(message).key("upper").hint("cast them to one type first"));
        }
        for name in self.partition() {
            need_key(name, site.other(name)?, "partition_by")?;
        }
        let columns: Vec<String> = self.other_columns().into_iter().map(str::to_owned).collect();
        let disclosure = site.disclosure([self.lower.as_str(), self.upper.as_str()]);
        let measure = site.measure(What::Pairs, &columns);
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), data_type: lower, disclosure, measure })))
    }
}

/// So many ranges that fail are shown.
const SHOWN: usize = 5;

#[derive(Debug)]
struct Judged {
    rule: Ranges,
    data_type: DataType,
    disclosure: Disclosure,
    measure: usize,
}

impl Judged {
    /// Whether a range is one.
    fn is_range(&self, range: &Pair) -> bool {
        let float = Family::of(&self.data_type) == Family::Float;
        let is_nan = float && (range.first == NAN_KEY || range.second == NAN_KEY);
        !is_nan && (range.first < range.second || self.rule.zero_length && range.first == range.second)
    }

    fn outcome(&self, pairs: &Pairs) -> Outcome {
        let Some(ranges) = pairs.by_both() else {
            let most = grouped(MOST_PAIRS as i128);
            return Outcome::error(format!(
                "there are more than {most} ranges, which are not held to be sorted; take fewer rows with `where`"
            ));
        };
        let bound = |key: i128| self.disclosure.text(key_text(key, &self.data_type));
        let text = |range: &Pair| [range.first, range.second].map(bound).join(" to ");
        let (mut reversed, mut clashing) = (0_u64, 0_u64);
        let (mut first_reversed, mut first_clashing) = (Vec::new(), Vec::new());
        for (at, range) in ranges.iter().enumerate() {
            if !self.is_range(range) {
                reversed += 1;
                if first_reversed.len() < SHOWN {
                    first_reversed.push(text(range));
                }
            }
            let next = ranges.get(at + 1).filter(|next| next.group == range.group);
            if let Some(next) = next.filter(|next| !self.rule.may_follow(range.second, next.first)) {
                clashing += 1;
                if first_clashing.len() < SHOWN {
                    first_clashing.push(format!("{}, {}", text(range), text(next)));
                }
            }
        }
        let what = match self.rule.gaps {
            Gaps::Allowed => "overlap",
            Gaps::NotAllowed => "gap or overlap",
            Gaps::Required => "overlap or contact",
        };
        let counted = |count: u64, what: String, shown: &[String]| {
            let first = shown.first().cloned().unwrap_or_default();
            (count > 0).then(|| format!("{} {what}: {first}", grouped(i128::from(count))))
        };
        let what = if clashing == 1 { what.to_owned() } else { format!("× {what}") };
        let parts = [
            counted(clashing, what, &first_clashing),
            counted(reversed, "not from lower to upper".into(), &first_reversed),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let observed: Value = json!({
            "clashes": clashing, "first_clashes": first_clashing,
            "not_ranges": reversed, "first_not_ranges": first_reversed,
        });
        if parts.is_empty() {
            return Outcome::new(Status::Pass, observed, "as they should be");
        }
        Outcome::new(Status::Fail, observed, parts.join("; ")).failed(clashing + reversed)
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Pairs(pairs))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the ranges were not gathered");
        };
        let outcome =
            if all.present() == 0 { Outcome::skipped("no ranges in scope") } else { self.outcome(pairs) };
        outcome.counts(all.present(), all.nulls)
    }
}
