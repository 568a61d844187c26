//! `unique`: no two rows have the same key.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::keys::KeyKind;
use crate::literal::type_name;
use crate::measure::{Accumulator, Readings, What, unreadable};
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::grouped;
use crate::verdict::{AnsweredFrom, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "unique",
    aliases: &[],
    dimension: "uniqueness",
    summary: "No two rows have the same values in the columns.",
    definition: "By default counts `extra_rows`, Σ(count − 1) over keys that occur more than once; `rows_in_dup_groups` \
                 counts all rows of such keys, `dup_groups` the keys. The count may be at most `max` (0). Exact: keys \
                 are told apart by 128-bit hashes of their bytes. NaN equals NaN, -0.0 equals 0.0. A row with a null \
                 in its key is not evaluated; with `nulls_distinct: false` null equals null. Where nothing is \
                 evaluated the check is skipped. Samples are the first rows that repeat a key, with how often it \
                 occurs. Where a step has made the columns unique, keys \
                 are not looked at.",
    example: Example {
        yaml: "unique: [order_id, line]",
        params: r#"["order_id", "line"]"#,
        input: "order_id:int64,line:int64\n1,1\n1,2\n1,1\n,1\n,1\n",
        status: "fail",
        observed: "1 extra row",
    },
    cost: Cost::Groups,
    shape: Shape::Whole,
    columns: Columns::Together(1),
    short: None,
    answers_empty: false,
    parse: parse_params::<Unique>,
    schema: schema_of::<Unique>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unique {
    /// What is counted.
    #[serde(default)]
    count: Count,
    /// Whether nulls differ from each other.
    #[serde(default = "yes")]
    nulls_distinct: bool,
    /// The largest count that passes.
    #[serde(default)]
    max: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Count {
    /// Rows beyond the first of each key.
    #[default]
    ExtraRows,
    /// Rows whose key occurs more than once.
    RowsInDupGroups,
    /// Keys that occur more than once.
    DupGroups,
}

fn yes() -> bool {
    true
}

impl Rule for Unique {
    fn expected(&self) -> String {
        match self.max {
            0 => "unique".into(),
            max => format!("at most {}", self.count.text(max)),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let columns = key_columns(site)?;
        let keys = site.measure(What::Groups(!self.nulls_distinct), &columns);
        let rows = site.measure(What::Rows, &columns);
        Ok(Bound::Whole(Box::new(NoRepeats { rule: self.clone(), columns, keys, rows })))
    }
}

/// The names of columns that can be keys.
pub(crate) fn key_columns(site: &Site<'_>) -> Result<Vec<String>, Problem> {
    for (name, data_type) in site.columns {
        if KeyKind::of(data_type).is_none() {
            let message =
                format!("column \"{name}\" is of type {}, which cannot be a key", type_name(data_type));
            return Err(Problem::new(message).key("columns"));
        }
    }
    Ok(site.columns.iter().map(|(name, _)| name.clone()).collect())
}

impl Count {
    fn text(self, count: u64) -> String {
        let plural = if count == 1 { "" } else { "s" };
        let count = grouped(i128::from(count));
        match self {
            Self::ExtraRows => format!("{count} extra row{plural}"),
            Self::RowsInDupGroups => format!("{count} row{plural} with repeated keys"),
            Self::DupGroups => format!("{count} repeated key{plural}"),
        }
    }
}

#[derive(Debug)]
struct NoRepeats {
    rule: Unique,
    columns: Vec<String>,
    /// The measure of every key.
    keys: usize,
    /// The measure of rows and nulls alone.
    rows: usize,
}

impl NoRepeats {
    fn outcome(&self, rows: u64, nulls: u64, count: u64) -> Outcome {
        if rows == 0 {
            return Outcome::skipped("no keys in scope").counts(0, nulls);
        }
        let status = if count <= self.rule.max { Status::Pass } else { Status::Fail };
        Outcome::new(status, json!(count), self.rule.count.text(count)).counts(rows, nulls).failed(count)
    }
}

impl Judge for NoRepeats {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        if readings.proofs.proves_unique(&self.columns) {
            let Some(all) = readings.at(self.rows) else { return Outcome::error("rows were not counted") };
            let rows = if self.rule.nulls_distinct { all.present() } else { all.rows };
            return self.outcome(rows, all.nulls, 0).from(AnsweredFrom::Plan);
        }
        let Some((all, Accumulator::Groups(groups))) =
            readings.at(self.keys).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the keys were not counted");
        };
        let (counts, examples) = match groups.survey() {
            Ok(survey) => survey,
            Err(error) => return Outcome::error(unreadable(&error)),
        };
        let count = match self.rule.count {
            Count::ExtraRows => counts.extra_rows(),
            Count::RowsInDupGroups => counts.rows_in_repeated(),
            Count::DupGroups => counts.repeated,
        };
        self.outcome(counts.rows, all.nulls, count).samples(examples.repeats())
    }

    fn eased(&self, proofs: &Proofs) -> Option<Vec<usize>> {
        proofs.proves_unique(&self.columns).then(|| vec![self.rows])
    }
}
