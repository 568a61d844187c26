//! What a pipeline published before: one state of each source and table for every published run, from which
//! rules of drift are judged without reading old data.
//!
//! A state is put by the commit, so that there is one exactly where a run was published.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use lockgate_rules::{Baseline, History, Lookback, Point, Profile};
use serde::{Deserialize, Serialize};

use crate::commit::{Home, State};
use crate::error::{Error, Result};
use crate::store::{Entry, Io, Location, unescape};

/// The version written into states. Readers know every version up to their own.
const VERSION: u32 = 1;

/// States that are read at once.
const AT_ONCE: usize = 32;

/// So many states are looked at for a baseline, the newest first.
const MOST_STATES: usize = 4_000;

/// What a pipeline published before.
#[derive(Debug, Clone)]
pub struct Past {
    home: Home,
    pipeline: String,
    io: Io,
}

/// A state as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    version: u32,
    engine: String,
    /// Of the points, oldest first: one for each partition, or one for all rows.
    points: Vec<Point>,
}

/// A state's place, and what its name says.
struct Named {
    run_id: String,
    at: Location,
    run_time: DateTime<Utc>,
}

impl Past {
    /// What the runs of a pipeline keep in its home.
    pub fn new(home: Home, pipeline: &str, io: Io) -> Self {
        Self { home, pipeline: pipeline.to_owned(), io }
    }

    /// As much of the history of a source or table as `baselines` may need, without what `now` replaces.
    pub fn history(&self, of: &str, baselines: &[Baseline], now: &[Point], run_id: &str) -> Result<History> {
        let wanted = Wanted::of(baselines, now, run_id);
        let points = self.io.block_on(self.read(of, wanted))?;
        let partitions = now.iter().filter(|point| partition_time(&point.key).is_some());
        Ok(History::new(points).of_partitions(partitions.map(|point| (point.key.clone(), point.time))))
    }

    /// The newest so many points of a source or table.
    pub fn newest(&self, of: &str, points: usize) -> Result<History> {
        let wanted = Wanted::of(&[Baseline::Last(points)], &[], "");
        Ok(History::new(self.io.block_on(self.read(of, wanted))?))
    }

    /// The points that a run published of a source or table.
    pub fn of_run(&self, of: &str, run_id: &str) -> Result<Vec<Point>> {
        let wanted = Wanted::of(&[Baseline::Run(run_id.to_owned())], &[], "");
        self.io.block_on(self.read(of, wanted))
    }

    /// The id of the one run with a state of a source or table that begins so; `beginning` itself if there is none.
    pub fn run_id(&self, of: &str, beginning: &str) -> Result<String> {
        let found = self.io.block_on(self.named(of))?;
        let fitting: BTreeSet<String> =
            found.into_iter().map(|state| state.run_id).filter(|id| id.starts_with(beginning)).collect();
        if fitting.len() > 1 && !fitting.contains(beginning) {
            let error =
                Error::wrong(format!("several runs with states of \"{of}\" begin with \"{beginning}\""));
            return Err(
                error.hint("write more of the id; `lockgate history FILE --format json` lists them whole")
            );
        }
        Ok(fitting.into_iter().next().unwrap_or_else(|| beginning.to_owned()))
    }

    async fn named(&self, of: &str) -> Result<Vec<Named>> {
        let folder = self.home.states(&self.pipeline, of)?;
        Ok(folder.list().await?.into_iter().filter_map(|entry| named(entry.location, &folder)).collect())
    }

    async fn read(&self, of: &str, mut wanted: Wanted) -> Result<Vec<Point>> {
        let mut named = self.named(of).await?;
        named.sort_by(|a, b| (b.run_time, &b.run_id).cmp(&(a.run_time, &a.run_id)));
        let (runs, mut rest): (Vec<Named>, Vec<Named>) =
            named.into_iter().partition(|state| wanted.runs.contains(&state.run_id));
        rest.retain(|state| state.run_id != wanted.without);
        rest.truncate(MOST_STATES);
        let mut rest = stream::iter(rest.iter().map(stored)).buffered(AT_ONCE);
        let mut found: Vec<Point> = Vec::new();
        while let Some((run_time, points)) = rest.try_next().await? {
            if wanted.is_enough(&found, run_time) {
                break;
            }
            found.extend(points.into_iter().rev().filter(|point| wanted.takes(point)));
        }
        for state in &runs {
            let (_, points) = stored(state).await?;
            found.extend(points.into_iter().filter(|point| wanted.seen.insert(point.key.clone())));
        }
        Ok(found)
    }
}

/// How much of the past is wanted.
struct Wanted {
    points: usize,
    since: Option<DateTime<Utc>>,
    runs: Vec<String>,
    /// The run that is judged.
    without: String,
    /// Times of the newest and the oldest that it writes; what lies between may be compared with the newest.
    before: Option<DateTime<Utc>>,
    earliest: Option<DateTime<Utc>>,
    /// Partitions that are known already, from newer runs or from the run that is judged.
    seen: BTreeSet<String>,
}

impl Wanted {
    fn of(baselines: &[Baseline], now: &[Point], run_id: &str) -> Self {
        let times = || now.iter().map(|point| point.time);
        let (before, earliest) = (times().max(), times().min());
        let seen = now.iter().filter(|point| !point.key.is_empty()).map(|point| point.key.clone()).collect();
        let without = run_id.to_owned();
        let mut wanted = Self { points: 0, since: None, runs: Vec::new(), without, before, earliest, seen };
        for baseline in baselines {
            match baseline.lookback() {
                Lookback::Points(points) => wanted.points = wanted.points.max(points),
                Lookback::Days(days) => {
                    let since = earliest.map(|earliest| earliest - Duration::days(i64::from(days)));
                    wanted.since = wanted.since.min(since).or(since);
                }
                Lookback::Run(run) => wanted.runs.push(run),
            }
        }
        wanted
    }

    /// Whether states of runs of this time and before hold nothing that is wanted. No point is of a later time
    /// than the run that published it, but a run may publish old partitions again.
    fn is_enough(&self, found: &[Point], run_time: DateTime<Utc>) -> bool {
        let is_earlier = |point: &&Point| self.earliest.is_none_or(|earliest| point.time < earliest);
        let not_older = found.iter().filter(is_earlier).filter(|point| point.time >= run_time).count();
        not_older >= self.points && self.since.is_none_or(|since| run_time < since)
    }

    fn takes(&mut self, point: &Point) -> bool {
        let is_earlier = self.before.is_none_or(|before| point.time < before);
        // Without partitions, every run is a point of its own.
        is_earlier && (point.key.is_empty() || self.seen.insert(point.key.clone()))
    }
}

/// The points of one run's profiles, given the folder of its rows where they are all in one: one point for each
/// partition where all of these stand for times, else one for all rows.
pub fn points(
    profiles: impl IntoIterator<Item = (String, Profile)>,
    folder: Option<String>,
    run_id: &str,
    run_time: DateTime<Utc>,
) -> Vec<Point> {
    let profiles: Vec<(String, Profile)> = profiles.into_iter().collect();
    let point = |key: String, time, profile| Point { key, run_id: run_id.to_owned(), time, profile };
    let times: Option<Vec<DateTime<Utc>>> = profiles.iter().map(|(key, _)| partition_time(key)).collect();
    if let Some(times) = times {
        let points = profiles.into_iter().zip(times);
        return points.map(|((key, profile), time)| point(key, time, profile)).collect();
    }
    let mut all = profiles.into_iter().map(|(_, profile)| profile);
    let Some(mut whole) = all.next() else { return Vec::new() };
    for profile in all {
        whole.merge(profile);
    }
    vec![point(folder.unwrap_or_default(), run_time, whole)]
}

/// The time that a partition's folder stands for, by the value of its first column.
pub fn partition_time(folder: &str) -> Option<DateTime<Utc>> {
    let (_, value) = folder.split('/').next()?.split_once('=')?;
    let value = unescape(value);
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0);
    DateTime::parse_from_rfc3339(&value)
        .map(|time| time.with_timezone(&Utc))
        .or_else(|_| NaiveDateTime::parse_from_str(&value, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc()))
        .ok()
        .or_else(|| {
            let date = NaiveDate::parse_from_str(&value, "%Y-%m-%d").ok()?;
            midnight(date).map(|time| time.and_utc())
        })
}

/// The state that a run keeps of a source or table.
pub fn state(
    of: &str,
    points: &[Point],
    run_id: &str,
    run_time: DateTime<Utc>,
    engine: &str,
) -> Result<State> {
    let stored = Stored { version: VERSION, engine: engine.to_owned(), points: points.to_vec() };
    let content = serde_json::to_value(stored)
        .map_err(|error| Error::defect("could not write the state of a table").because(error))?;
    let name = format!("{}.{run_id}.json", run_time.format("%Y%m%dT%H%M%S%.3fZ"));
    Ok(State { of: of.to_owned(), name, content })
}

/// The stored states of runs of `pipeline` whose ids are wanted.
pub(super) async fn of_runs(
    home: &Home,
    pipeline: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for (_, of) in home.followed().await?.into_iter().filter(|(kept_by, _)| kept_by == pipeline) {
        let folder = home.states(pipeline, &of)?;
        let entries = folder.list().await?;
        let run_of = |entry: &Entry| named(entry.location.clone(), &folder).map(|named| named.run_id);
        found.extend(entries.into_iter().filter(|entry| run_of(entry).is_some_and(|run| is_wanted(&run))));
    }
    Ok(found)
}

fn named(at: Location, folder: &Location) -> Option<Named> {
    let (time, run_id) = {
        let (time, rest) = at.relative_to(folder)?.split_once("Z.")?;
        let time = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%.f").ok()?;
        (time.and_utc(), rest.strip_suffix(".json")?.to_owned())
    };
    Some(Named { run_id, at, run_time: time })
}

async fn stored(state: &Named) -> Result<(DateTime<Utc>, Vec<Point>)> {
    let damaged = |message: String| {
        Error::wrong(message)
            .hint("a state that is deleted is only missing from baselines; data is not touched")
    };
    let bytes = state.at.get().await?;
    let stored: Stored = serde_json::from_slice(&bytes)
        .map_err(|error| damaged(format!("{} is damaged and no state", state.at)).because(error))?;
    if stored.version > VERSION {
        return Err(damaged(format!("{} was written by a newer version of Lockgate", state.at)));
    }
    Ok((state.run_time, stored.points))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_partition_stands_for_the_time_in_its_first_column() {
        let cases = [
            ("created_at=2024-01-05", Some("2024-01-05T00:00:00Z")),
            ("created_at=2024-01-05/region=eu", Some("2024-01-05T00:00:00Z")),
            ("created_at=2013-01-01T06%3A00%3A00.000Z", Some("2013-01-01T06:00:00Z")),
            ("hour=2024-01-05T10%3A00%3A00", Some("2024-01-05T10:00:00Z")),
            ("region=eu", None),
            ("created_at=__HIVE_DEFAULT_PARTITION__", None),
            ("", None),
        ];
        for (folder, expected) in cases {
            assert_eq!(partition_time(folder), expected.map(time), "{folder}");
        }
    }

    #[test]
    fn partitions_that_are_no_times_make_one_point() {
        let now = time("2024-03-01T00:00:00Z");
        let named =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Profile::default())).collect();
        let keys = |profiles: Vec<(String, Profile)>, folder: Option<&str>| -> Vec<String> {
            points(profiles, folder.map(str::to_owned), "run", now)
                .into_iter()
                .map(|point| point.key)
                .collect()
        };
        assert_eq!(
            keys(named(&["day=2024-01-01", "day=2024-01-02"]), None),
            ["day=2024-01-01", "day=2024-01-02"]
        );
        assert_eq!(keys(named(&["region=eu", "region=us"]), None), [""]);
        assert_eq!(keys(named(&[""]), Some("created_at=now")), ["created_at=now"]);
        assert!(keys(Vec::new(), None).is_empty());
    }

    #[test]
    fn partitions_that_were_published_again_do_not_hide_newer_ones() {
        let now = points(
            [("day=2024-01-31".to_owned(), Profile::default())],
            None,
            "new",
            time("2024-02-01T06:00:00Z"),
        );
        let wanted = Wanted::of(&[Baseline::Last(2)], &now, "new");
        let day = |day: u32| Point {
            key: format!("day=2024-01-{day:02}"),
            run_id: "old".into(),
            time: time(&format!("2024-01-{day:02}T00:00:00Z")),
            profile: Profile::default(),
        };
        // Days 1 to 3 came with the newest run; that of the 29th came with a run on the 30th.
        assert!(!wanted.is_enough(&[day(1), day(2), day(3)], time("2024-01-30T06:00:00Z")));
        assert!(wanted.is_enough(&[day(30), day(29), day(1)], time("2024-01-29T00:00:00Z")));
        assert!(!Wanted { points: 0, ..wanted }.takes(&day(31)));
    }

    #[test]
    fn a_name_tells_the_time_and_the_run() {
        let run_time = time("2024-03-01T06:07:08.009Z");
        let kept = state("orders", &[], "abc123", run_time, "0.1.0").unwrap();
        assert_eq!(kept.name, "20240301T060708.009Z.abc123.json");
    }
}
