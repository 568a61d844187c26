//! Periods of the calendar, in UTC, and days that are left out of it.

use chrono::{DateTime, Datelike, Days, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::check::ParamError;
use crate::literal::parse_time;
use crate::sample::Disclosure;
use crate::scalar::grouped;
use crate::verdict::{Outcome, Status};

const HOUR: i128 = 3_600_000_000_000;
const DAY: i128 = 24 * HOUR;

/// A period of the calendar. Periods of a kind are numbered: hours and days from 1970-01-01, weeks (from
/// Monday) so that this day is in week 0, months, quarters and years from year 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
    /// Three months, from January, April, July or October.
    Quarter,
    /// A year.
    Year,
}

impl Period {
    /// The number of the period in which a time lies, in nanoseconds since 1970.
    pub(crate) fn number(self, nanos: i128) -> i64 {
        let day = nanos.div_euclid(DAY) as i64;
        match self {
            Self::Hour => nanos.div_euclid(HOUR) as i64,
            Self::Day => day,
            // 1970-01-01 was a Thursday.
            Self::Week => (day + 3).div_euclid(7),
            Self::Month => month_of(day),
            Self::Quarter => month_of(day).div_euclid(3),
            Self::Year => month_of(day).div_euclid(12),
        }
    }

    /// The day on which a period starts; None beyond the calendar.
    fn first_day(self, number: i64) -> Option<NaiveDate> {
        let of_month = |month: i64| {
            let year = i32::try_from(month.div_euclid(12)).ok()?;
            NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)
        };
        let of_day =
            |day: i64| DateTime::from_timestamp(day.checked_mul(86_400)?, 0).map(|at| at.date_naive());
        match self {
            Self::Hour => of_day(number.div_euclid(24)),
            Self::Day => of_day(number),
            Self::Week => of_day(number.checked_mul(7)? - 3),
            Self::Month => of_month(number),
            Self::Quarter => of_month(number.checked_mul(3)?),
            Self::Year => of_month(number.checked_mul(12)?),
        }
    }

    /// A period in words: by its first day (a week), or as far as it is one (`2024-05`, `2024-Q2`).
    pub(crate) fn text(self, number: i64) -> String {
        let Some(day) = self.first_day(number) else { return format!("{} {number}", self.name()) };
        match self {
            Self::Hour => format!("{day}T{:02}:00", number.rem_euclid(24)),
            Self::Day | Self::Week => day.to_string(),
            Self::Month => day.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", day.year(), day.month0() / 3 + 1),
            Self::Year => day.format("%Y").to_string(),
        }
    }

    /// As pipeline files spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// Months since year 0, by the days-to-civil algorithm of Howard Hinnant, which needs no calendar.
fn month_of(day: i64) -> i64 {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    // The algorithm's year starts in March.
    (year_of_era + era * 400) * 12 + month + 2
}

/// A day that is left out: every one of a weekday, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub(crate) enum DayOff {
    Weekday(Weekday),
    Date(NaiveDate),
}

impl<'de> Deserialize<'de> for DayOff {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let date = || text.parse().map(Self::Date).ok();
        text.parse().map(Self::Weekday).ok().or_else(date).ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" is neither a weekday nor a date such as 2024-12-25"))
        })
    }
}

impl DayOff {
    fn is(self, day: NaiveDate) -> bool {
        match self {
            Self::Weekday(weekday) => day.weekday() == weekday,
            Self::Date(date) => day == date,
        }
    }
}

/// So many periods are looked at, one by one.
pub(crate) const MOST_PERIODS: i64 = 10_000_000;

/// The periods that are expected.
#[derive(Debug, Clone)]
pub(crate) struct Expected<'a> {
    pub(crate) period: Period,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) exclude: &'a [DayOff],
}

impl Expected<'_> {
    /// The numbers of the periods, in order; None where there are more than [`MOST_PERIODS`].
    pub(crate) fn numbers(&self) -> Option<impl Iterator<Item = i64>> {
        let span = i128::from(self.last) - i128::from(self.first);
        (span < i128::from(MOST_PERIODS))
            .then(|| (self.first..=self.last).filter(|number| !self.is_off(*number)))
    }

    /// Whether every day of a period is left out.
    fn is_off(&self, number: i64) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let Some(mut day) = self.period.first_day(number) else { return false };
        let next = self.period.first_day(number + 1);
        loop {
            if !self.exclude.iter().any(|off| off.is(day)) {
                return false;
            }
            match day.checked_add_days(Days::new(1)) {
                Some(following) if next.is_some_and(|next| following < next) => day = following,
                _ => return true,
            }
        }
    }
}

/// A date or timestamp, taken as UTC without an offset; in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Moment(pub(crate) i128);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (seconds, nanos) = parse_time(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" is not a date or a timestamp")))?;
        Ok(Self(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)))
    }
}

/// Refuses a range that ends before it begins.
pub(crate) fn validate_range(from: Option<Moment>, to: Option<Moment>) -> Result<(), ParamError> {
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(ParamError::new("from is after to").key("from"));
    }
    Ok(())
}

/// So many periods that are short are shown.
const SHOWN: usize = 5;

/// The expected periods that have too little.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shortfall {
    /// Periods looked at.
    pub(crate) periods: u64,
    /// Those with too little.
    pub(crate) short: u64,
    /// The first of them, in words, each with how much it has.
    first: Vec<(String, u64)>,
}

impl Shortfall {
    /// The expected periods that have less than `least`; None where there are too many periods.
    pub(crate) fn of(expected: &Expected<'_>, least: u64, count: impl Fn(i64) -> u64) -> Option<Self> {
        let mut all = Self::default();
        for number in expected.numbers()? {
            all.periods += 1;
            let found = count(number);
            if found < least {
                all.short += 1;
                if all.first.len() < SHOWN {
                    all.first.push((expected.period.text(number), found));
                }
            }
        }
        Some(all)
    }

    /// The same without the names of the periods, as far as they are not to be shown.
    #[must_use]
    pub(crate) fn disclosed(mut self, disclosure: Disclosure) -> Self {
        for (name, _) in &mut self.first {
            *name = disclosure.text(std::mem::take(name));
        }
        self
    }

    /// The outcome; skipped where no period was expected.
    pub(crate) fn outcome(&self, period: Period, least: u64) -> Outcome {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let all = format!("{} {}{}", grouped(i128::from(self.periods)), period.name(), plural(self.periods));
        let (status, text) = match self.short {
            _ if self.periods == 0 => (Status::Skipped, "no periods are expected".to_owned()),
            0 => (Status::Pass, format!("all of {all}")),
            short => {
                let name = |(name, found): &(String, u64)| match found {
                    0 => name.clone(),
                    found => format!("{name} ({found})"),
                };
                let names: Vec<String> = self.first.iter().map(name).collect();
                let more = if short > names.len() as u64 { ", …" } else { "" };
                let what = if least > 1 { "short" } else { "missing" };
                let short = grouped(i128::from(short));
                (Status::Fail, format!("{short} of {all} {what}: {}{more}", names.join(", ")))
            }
        };
        let first: Vec<&str> = self.first.iter().map(|(name, _)| name.as_str()).collect();
        let observed = json!({"periods": self.periods, "short": self.short, "first": first});
        Outcome::new(status, observed, text).failed(self.short)
    }
}

/// The outcome where more periods lie between the first and the last than are looked at.
pub(crate) fn too_many_periods(period: Period) -> Outcome {
    let most = grouped(i128::from(MOST_PERIODS));
    Outcome::error(format!("there are more than {most} {}s between the first and the last", period.name()))
}
