//! Checks of a distance between a column now and in its baseline; what the rules of drift share.

use std::fmt::Debug;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::baseline::{Baseline, Point};
use crate::check::ParamError;
use crate::compared_with::{Against, ComparedWith, one_point};
use crate::keys::KeyKind;
use crate::literal::type_name;
use crate::measure::{Readings, What};
use crate::profile::{ColumnProfile, Depth};
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{Bound, Judge, Problem, Rule, Site};
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::verdict::{Exactness, Outcome, Status};

/// A distance of a column from its baseline.
pub(crate) trait Distance: Debug + Clone + Send + Sync + 'static {
    /// Its name in what was observed.
    const NAME: &'static str;
    /// Its name in what is expected.
    const WORDS: &'static str;
    /// The largest distance that does not fail where the check does not say.
    const FAIL: f64;
    /// The largest that does not warn either.
    const WARN: f64 = Self::FAIL;
    /// The columns it is defined for.
    const OF: Columns;

    /// Refuses parameters that contradict each other.
    fn validate(&self) -> Result<(), ParamError> {
        Ok(())
    }
    /// The distance between what is now and what was before; both have values, or for any column rows.
    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found;
}

/// What columns a distance is defined for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Any, even one without values.
    Any,
    /// Those whose values are numbers, times, texts, or true and false.
    Comparable,
    /// Numbers and times.
    Ordered,
    /// Those whose values can be listed: not floats.
    Listed,
}

/// A distance as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) value: f64,
    /// In words, where a number is not all there is to say.
    pub(crate) text: Option<String>,
    /// More for machines.
    pub(crate) details: Map<String, Value>,
    /// By how much the distance may be wrong.
    pub(crate) bound: f64,
    /// The ruling, where it is not by the distance.
    pub(crate) ruling: Option<Result<Status, String>>,
}

impl Found {
    pub(crate) fn new(value: f64) -> Self {
        Self { value, text: None, details: Map::new(), bound: 0.0, ruling: None }
    }

    #[must_use]
    pub(crate) fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    #[must_use]
    pub(crate) fn bound(mut self, bound: f64) -> Self {
        self.bound = bound;
        self
    }

    #[must_use]
    pub(crate) fn ruling(mut self, ruling: Option<Result<Status, String>>) -> Self {
        self.ruling = ruling;
        self
    }
}

/// The parameters of a rule about a distance from the baseline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(bound = "D: Distance + DeserializeOwned")]
#[schemars(bound = "D: Distance + JsonSchema", rename = "Drift")]
pub(crate) struct Drift<D> {
    /// What the column is compared with: what was published before, or another dataset.
    #[serde(default)]
    baseline: ComparedWith,
    /// With fewer points in the baseline than this (1) the check is skipped.
    #[serde(default = "one_point")]
    min_history: usize,
    /// The largest distance that does not fail.
    #[serde(default = "fail_of::<D>")]
    fail: f64,
    #[serde(flatten)]
    distance: D,
    #[serde(skip)]
    of: PhantomData<D>,
}

fn fail_of<D: Distance>() -> f64 {
    D::FAIL
}

impl<D: Distance + DeserializeOwned + JsonSchema> Rule for Drift<D> {
    fn validate(&self) -> Result<(), ParamError> {
        self.baseline.validate(self.min_history)?;
        self.distance.validate()
    }

    fn baseline(&self) -> Option<Baseline> {
        self.baseline.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.rows(columns)
    }

    fn expected(&self) -> String {
        expected::<D>(self.fail, &self.baseline)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        bind(site, self.distance.clone(), (&self.baseline, self.min_history), self.fail)
    }
}

/// What is expected of a distance, in words.
pub(crate) fn expected<D: Distance>(fail: f64, baseline: &ComparedWith) -> String {
    format!("{} at most {fail} from {}", D::WORDS, baseline.text())
}

/// Binds a distance to the envelope's column and to its baseline, of which there have to be so many points.
pub(crate) fn bind<D: Distance>(
    site: &mut Site<'_>,
    distance: D,
    (baseline, min_history): (&ComparedWith, usize),
    fail: f64,
) -> Result<Bound, Problem> {
    let (column, data_type) = site.column()?.clone();
    let wanted = D::OF.misfit(KeyKind::of(&data_type));
    if let Some(wanted) = wanted {
        let message = format!("column \"{column}\" is of type {}, not {wanted}", type_name(&data_type));
        return Err(Problem::new(message).key("column"));
    }
    let usual = if D::WARN < D::FAIL { D::WARN } else { fail };
    let thresholds = Thresholds::warning_above(usual, site.envelope, fail);
    let filter = site.envelope.filter.clone();
    let measured = (What::Profile(Depth::Drift), vec![column.clone()]);
    let against = baseline.bind(site, min_history, std::slice::from_ref(&measured), &|here, there| {
        D::OF.alike(KeyKind::of(here), KeyKind::of(there))
    })?;
    let measure = site.measure(measured.0, &measured.1);
    Ok(Bound::Whole(Box::new(Judged { distance, against, thresholds, column, filter, measure })))
}

impl Columns {
    /// Whether columns of two kinds can be compared.
    fn alike(self, here: Option<KeyKind>, there: Option<KeyKind>) -> bool {
        match self {
            Self::Any => true,
            Self::Comparable | Self::Ordered => KeyKind::share_a_scale(here, there),
            // Values are listed as texts, in which 1 is not 1.00.
            Self::Listed => here == there,
        }
    }

    /// What is wanted in place of a kind, in words.
    fn misfit(self, kind: Option<KeyKind>) -> Option<&'static str> {
        let number = kind.is_some_and(KeyKind::is_number);
        let time = matches!(kind, Some(KeyKind::Time(_)));
        match self {
            Self::Any => None,
            Self::Comparable if kind.is_some() => None,
            Self::Comparable => Some("a number, a time, a text, or true and false"),
            Self::Ordered if number || time => None,
            Self::Ordered => Some("a number or a time"),
            Self::Listed if kind.is_some_and(|kind| kind != KeyKind::Float) => None,
            Self::Listed => Some("one whose values can be listed"),
        }
    }
}

#[derive(Debug)]
struct Judged<D> {
    distance: D,
    against: Against,
    thresholds: Thresholds,
    column: String,
    filter: Option<String>,
    measure: usize,
}

impl<D: Distance> Judge for Judged<D> {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(now) = readings.profile(self.measure) else { return Outcome::skipped("no rows in scope") };
        let counted = |outcome: Outcome| outcome.counts(now.present(), now.nulls);
        let any = D::OF == Columns::Any;
        let enough = |profile: &ColumnProfile| if any { profile.rows > 0 } else { profile.present() > 0 };
        if !enough(&now) {
            return counted(Outcome::skipped("no values in scope"));
        }
        let of = |point: &Point| {
            let profile = point.profile.column(&self.column, self.filter.as_deref());
            profile.is_some_and(|before| enough(before) && (any || before.comparable(&now)))
        };
        let points = match self.against.points(readings, of) {
            Ok(points) => points,
            Err(outcome) => return counted(*outcome),
        };
        let profiles =
            points.iter().filter_map(|point| point.profile.column(&self.column, self.filter.as_deref()));
        let Some(before) = ColumnProfile::together(profiles) else {
            return counted(Outcome::skipped("no baseline yet"));
        };
        let found = self.distance.between(&now, &before);
        let compared = self.against.compared(&points, readings);
        counted(rule::<D>(found, self.thresholds)).against(compared)
    }
}

/// The outcome of a distance by its thresholds.
fn rule<D: Distance>(found: Found, thresholds: Thresholds) -> Outcome {
    let status = match found.ruling {
        None => thresholds.status(found.value),
        Some(Ok(status)) => status,
        Some(Err(why)) => return Outcome::error(why),
    };
    let mut observed = json!({D::NAME: found.value});
    if let Some(map) = observed.as_object_mut() {
        map.extend(found.details);
    }
    let text = found.text.unwrap_or_else(|| short(found.value));
    let outcome = Outcome::new(status, observed, text);
    if found.bound > 0.0 { outcome.exactness(Exactness::Approx { bound: found.bound }) } else { outcome }
}
