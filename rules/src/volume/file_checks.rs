//! `file_checks`: how many files were delivered, and how large they are.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::arrived::{self, OfDelivery};
use crate::check::ParamError;
use crate::proofs::{Delivered, Delivery};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "file_checks",
    aliases: &[],
    dimension: "volume",
    summary: "As many files as expected were read, and each is of an expected size.",
    definition: "Of a source: the number of files read is between `min_files` and `max_files`, each of them has between \
                 `min_bytes` and `max_bytes` as they are stored, and all together between `min_total_bytes` and \
                 `max_total_bytes`. No rows are read, so that nulls and empty files do not matter. No files are 0 files \
                 and 0 bytes; of rows that come from no files the check is skipped. Shows each bound that is not kept.",
    example: Example {
        yaml: "file_checks: {min_files: 1, min_bytes: 1000}",
        params: r#"{"min_files": 1, "min_bytes": 1000}"#,
        input: "x:int64\n",
        status: "skipped",
        observed: "the rows come from no files",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::None,
    short: None,
    answers_empty: false,
    parse: parse_params::<FileChecks>,
    schema: schema_of::<FileChecks>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileChecks {
    /// The fewest files.
    min_files: Option<u64>,
    /// The most files.
    max_files: Option<u64>,
    /// The fewest bytes of a file.
    min_bytes: Option<u64>,
    /// The most bytes of a file.
    max_bytes: Option<u64>,
    /// The fewest bytes of all files.
    min_total_bytes: Option<u64>,
    /// The most bytes of all files.
    max_total_bytes: Option<u64>,
}

impl FileChecks {
    /// Each pair of bounds with what it is about and the key of the lower.
    fn bounds(&self) -> [(&'static str, &'static str, Option<u64>, Option<u64>); 3] {
        [
            ("min_files", "files", self.min_files, self.max_files),
            ("min_bytes", "bytes in a file", self.min_bytes, self.max_bytes),
            ("min_total_bytes", "bytes in all", self.min_total_bytes, self.max_total_bytes),
        ]
    }
}

impl OfDelivery for FileChecks {
    fn outcome(&self, delivery: &Delivery, _: DateTime<Utc>) -> Outcome {
        let total = delivery.sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size));
        let (smallest, largest) =
            (delivery.sizes.iter().min().copied(), delivery.sizes.iter().max().copied());
        let ranges = [Some((delivery.files, delivery.files)), smallest.zip(largest), Some((total, total))];
        let mut wrong = Vec::new();
        for ((_, what, min, max), range) in self.bounds().into_iter().zip(ranges) {
            let Some((low, high)) = range else { continue };
            let told = |found: u64, than: &str, bound: u64| {
                format!("{} {what}, {than} {}", grouped(i128::from(found)), grouped(i128::from(bound)))
            };
            wrong.extend(min.filter(|min| low < *min).map(|min| told(low, "under", min)));
            wrong.extend(max.filter(|max| high > *max).map(|max| told(high, "over", max)));
        }
        let is_of_size = |size: &&u64| {
            self.min_bytes.is_none_or(|min| **size >= min) && self.max_bytes.is_none_or(|max| **size <= max)
        };
        let misfits = delivery.sizes.len() - delivery.sizes.iter().filter(is_of_size).count();
        let all =
            format!("{} files, {} bytes", grouped(i128::from(delivery.files)), grouped(i128::from(total)));
        let observed = json!({
            "files": delivery.files, "bytes": total,
            "smallest": smallest, "largest": largest, "wrong_size": misfits,
        });
        let outcome = if wrong.is_empty() {
            Outcome::new(Status::Pass, observed, all)
        } else {
            Outcome::new(Status::Fail, observed, wrong.join("; "))
        };
        outcome.counts(delivery.files, 0).failed(misfits as u64)
    }
}

impl Rule for FileChecks {
    fn validate(&self) -> Result<(), ParamError> {
        if self.bounds().iter().all(|(.., min, max)| min.is_none() && max.is_none()) {
            let nothing = ParamError::new("file_checks has no bounds").key("min_files");
            return Err(nothing.hint("give min_files, max_files, min_bytes, …"));
        }
        for (key, what, min, max) in self.bounds() {
            if let Some((min, max)) = min.zip(max).filter(|(min, max)| min > max) {
                return Err(ParamError::new(format!("at least {min} and at most {max} {what}")).key(key));
            }
        }
        Ok(())
    }

    fn delivered(&self) -> Option<Delivered<'_>> {
        Some(Delivered::Files)
    }

    fn expected(&self) -> String {
        let text = |(_, what, min, max): (&str, &str, Option<u64>, Option<u64>)| match (min, max) {
            (Some(min), Some(max)) => Some(format!("{min} to {max} {what}")),
            (Some(min), None) => Some(format!("at least {min} {what}")),
            (None, Some(max)) => Some(format!("at most {max} {what}")),
            (None, None) => None,
        };
        self.bounds().into_iter().filter_map(text).collect::<Vec<_>>().join(", ")
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        arrived::bind(self, site)
    }
}
