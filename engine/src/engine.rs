//! What a caller holds: an engine that checks, plans, runs and recovers pipelines.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use lockgate_rules::{Baseline, Check, Lookback};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::commit::{self, Holder, Home, Patience, Recovered};
use crate::error::{Error, Result};
use crate::exec::cancel::Cancel;
use crate::exec::progress::Progress;
use crate::history::{self, Cleaned, Past, PublishedInput, Recalled, Retention};
use crate::memory::{Disk, Limits, Memory, Process};
use crate::plan::{self, Context, Explanation, Plan};
use crate::profile::{self, Profiled};
use crate::replay::{self, Wanted};
use crate::report::RunRecord;
use crate::run;
use crate::scan::Part;
use crate::spec::{Pipeline, Spanned};
use crate::store::{Dataset, Entry, Io, Settings, Stores};

/// Version of the engine, part of every run's identity.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Tells the time; the only way the engine learns it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Processor milliseconds and peak memory of the process so far, as the caller measures them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// User and system time, in milliseconds.
    pub cpu_ms: f64,
    /// Most bytes of memory held at once.
    pub memory_peak_bytes: u64,
}

/// How an engine runs.
#[derive(Clone)]
pub struct Options {
    /// Worker threads.
    pub threads: usize,
    /// Bytes of memory to plan with, if bounded.
    pub memory: Option<u64>,
    /// Bytes of memory of the process beyond which a run stops, and how they are measured.
    pub ceiling: Option<(u64, Arc<dyn Process>)>,
    /// Folder for what does not fit in memory.
    pub spill_dir: PathBuf,
    /// Bytes of disk it may take at most, if bounded.
    pub spill_limit: Option<u64>,
    /// The run's time: names run-time partitions and judges freshness.
    pub run_time: DateTime<Utc>,
    /// Whether everything is done but publishing.
    pub dry_run: bool,
    /// Whether footers and the plan may answer checks.
    pub shortcuts: bool,
    /// Seed of everything random.
    pub seed: u64,
    /// Measures the process, if the caller can.
    pub usage: Option<Arc<dyn Fn() -> Usage + Send + Sync>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("threads", &self.threads)
            .field("memory", &self.memory)
            .field("spill_dir", &self.spill_dir)
            .field("spill_limit", &self.spill_limit)
            .field("run_time", &self.run_time)
            .field("dry_run", &self.dry_run)
            .field("shortcuts", &self.shortcuts)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Runs pipelines.
pub struct Engine {
    pub(crate) options: Options,
    pub(crate) stores: Stores,
    pool: OnceLock<ThreadPool>,
    pub(crate) memory: Memory,
    pub(crate) clock: Clock,
    progress: Arc<Progress>,
    cancel: Cancel,
}

impl Engine {
    /// An engine that reaches stores with `settings`.
    pub fn new(options: Options, settings: Settings, clock: Clock) -> Result<Self> {
        let io = Io::new(2)?;
        let stores = Stores::new(settings, io);
        let memory = Memory::new(Limits {
            memory: options.memory,
            threads: options.threads.max(1),
            ceiling: options.ceiling.clone(),
            disk: Disk::new(options.spill_dir.clone(), options.spill_limit),
        });
        Ok(Self {
            options,
            stores,
            pool: OnceLock::new(),
            memory,
            clock,
            progress: Progress::new(),
            cancel: Cancel::default(),
        })
    }

    /// Counters of what is going on.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The worker threads, which start when they are first asked for.
    pub(crate) fn pool(&self) -> Result<&ThreadPool> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.options.threads.max(1))
            .thread_name(|index| format!("lockgate-{index}"))
            .build()
            .map_err(|error| Error::unavailable("could not start the worker threads").because(error))?;
        Ok(self.pool.get_or_init(|| pool))
    }

    /// Asks whatever is going on to stop.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How the engine runs.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Checks a pipeline against its sources: names, types, parameters.
    pub fn check(&self, pipeline: &Pipeline) -> Result<(), Vec<Error>> {
        masked(pipeline, self.bind(pipeline).map(drop))
    }

    /// What a run would read, do and write.
    pub fn plan(&self, pipeline: &Pipeline) -> Result<Explanation, Vec<Error>> {
        let explain = || {
            let mut plan = self.bind(pipeline)?;
            plan.narrow(true, self.options.shortcuts)
                .and_then(|()| Explanation::of(&plan, self.options.run_time, self.options.shortcuts))
                .map(|told| pipeline.vars.masked(&pipeline.text.text, told))
                .map_err(|error| vec![error])
        };
        masked(pipeline, explain())
    }

    /// Runs a pipeline and publishes what passes the gate.
    pub fn run(&self, pipeline: &Pipeline) -> Result<RunRecord, Vec<Error>> {
        masked(pipeline, run::run(self, pipeline))
    }

    /// Takes rows of the pipeline's quarantines through the pipeline, from where they had left, and publishes those
    /// that pass.
    pub fn replay(&self, pipeline: &Pipeline, wanted: &Wanted) -> Result<RunRecord, Vec<Error>> {
        masked(pipeline, replay::replay(self, pipeline, wanted))
    }

    /// Runs the checks of a pipeline without writing anything.
    pub fn validate(&self, pipeline: &Pipeline) -> Result<RunRecord, Vec<Error>> {
        masked(pipeline, run::validate(self, pipeline, Part::Whole))
    }

    /// Runs the checks of a pipeline on a part of the rows of its sources.
    pub fn validate_part(&self, pipeline: &Pipeline, part: Part) -> Result<RunRecord, Vec<Error>> {
        masked(pipeline, run::validate(self, pipeline, part))
    }

    /// Describes the columns of a part of the pipeline's first source in one pass.
    pub fn profile(&self, pipeline: &Pipeline, part: Part) -> Result<Profiled, Vec<Error>> {
        masked(pipeline, profile::profile(self, pipeline, part))
    }

    /// Finishes or undoes runs of the pipeline that died.
    pub fn recover(&self, pipeline: &Pipeline) -> Result<Vec<Recovered>> {
        let recovered = self.home(pipeline).and_then(|home| self.recover_in(&home));
        recovered.map_err(|error| pipeline.vars.mask_error(error))
    }

    /// The same, of runs whose records are in `home`.
    pub(crate) fn recover_in(&self, home: &Home) -> Result<Vec<Recovered>> {
        let me = Holder::current();
        let recover = commit::recover(&self.stores, home, &me, Patience::default().lease, VERSION);
        self.stores.io().block_on(recover)
    }

    /// Recovers what died, and then forgets the runs of the pipeline that ended so long ago, by the clock of their
    /// store, and of which no file is there any more; with [`Options::dry_run`] it only says which they are, by this
    /// machine's clock.
    pub fn clean(&self, pipeline: &Pipeline, older_than: TimeDelta) -> Result<Cleaned> {
        let clean = || {
            let home = self.home(pipeline)?;
            let dry_run = self.options.dry_run;
            if !dry_run {
                self.recover_in(&home)?;
            }
            let datasets = self.datasets_written(pipeline)?;
            let run = |baseline: Baseline| match baseline.lookback() {
                Lookback::Run(run) => Some(run),
                Lookback::Points(_) | Lookback::Days(_) => None,
            };
            let named = pipeline.checks().flat_map(Check::baselines).filter_map(run).collect();
            // Nothing is written where nothing is to be done, not even to ask the time.
            let now = if dry_run {
                (self.clock)()
            } else {
                self.stores.io().block_on(commit::store_time(&home))?
            };
            let before = now.checked_sub_signed(older_than).unwrap_or(DateTime::<Utc>::MIN_UTC);
            let retention = Retention { before, now, datasets: &datasets, named: &named, dry_run };
            let cleaned =
                self.stores.io().block_on(history::clean(&home, &pipeline.name.value, &retention))?;
            if !dry_run {
                self.stores.io().block_on(home.prune())?;
            }
            Ok(cleaned)
        };
        clean().map_err(|error| pipeline.vars.mask_error(error))
    }

    /// The datasets that the pipeline writes to, by their addresses as records have them; those that secrets make
    /// look alike are left out.
    fn datasets_written(&self, pipeline: &Pipeline) -> Result<BTreeMap<String, Dataset>> {
        let mut datasets: BTreeMap<String, Option<Dataset>> = BTreeMap::new();
        for address in pipeline.addresses_written() {
            let opened = self.stores.open(&address.value).and_then(Dataset::new);
            let dataset = opened.map_err(|error| error.at(address.span))?;
            let known = datasets
                .entry(pipeline.vars.mask(&dataset.folder().to_string()))
                .or_insert_with(|| Some(dataset.clone()));
            if known.as_ref() != Some(&dataset) {
                *known = None;
            }
        }
        Ok(datasets.into_iter().filter_map(|(address, dataset)| Some((address, dataset?))).collect())
    }

    /// The newest `limit` runs of the pipeline, newest first.
    pub fn history(&self, pipeline: &Pipeline, limit: usize) -> Result<Vec<serde_json::Value>> {
        let list = || {
            let home = self.home(pipeline)?;
            self.stores.io().block_on(history::list_runs(&home, &pipeline.name.value, limit))
        };
        let runs = list().map_err(|error| pipeline.vars.mask_error(error))?;
        Ok(runs.into_iter().map(|run| run.record).collect())
    }

    /// The run of the pipeline whose id begins with `run`, else the newest, and at most `limit` before it.
    pub fn recall(&self, pipeline: &Pipeline, run: Option<&str>, limit: usize) -> Result<Recalled> {
        let recall = || {
            let home = self.home(pipeline)?;
            let recall = history::recall(&home, &pipeline.name.value, run, limit);
            let recalled = self.stores.io().block_on(recall)?;
            if !recalled.distributions.is_empty() {
                return Ok(recalled);
            }
            let distributions = history::published_distributions(&self.past(pipeline)?, &recalled.record);
            Ok(Recalled { distributions, ..recalled })
        };
        recall().map_err(|error| pipeline.vars.mask_error(error))
    }

    pub(crate) fn bind(&self, pipeline: &Pipeline) -> Result<Plan, Vec<Error>> {
        let published = self.published(pipeline).map_err(|error| vec![error])?;
        let published: HashSet<_> = published
            .iter()
            .map(|input| (input.source.as_str(), input.path.as_str(), input.size, input.etag.as_deref()))
            .collect();
        // Records hold no values of secret variables, in paths neither.
        let is_masked = !published.is_empty() && pipeline.vars.refers_to_secrets(&pipeline.text.text);
        let is_known = |source: &str, entry: &Entry| {
            let path = entry.location.to_string();
            let path = if is_masked { pipeline.vars.mask(&path) } else { path };
            published.contains(&(source, path.as_str(), entry.size, entry.etag.as_deref()))
        };
        let context = Context { stores: &self.stores, seed: self.options.seed, is_known: &is_known };
        plan::bind(pipeline, &context)
    }

    /// The same, with partitions that were published before among those that are read.
    pub(crate) fn bind_whole(&self, pipeline: &Pipeline) -> Result<Plan, Vec<Error>> {
        let context = Context { stores: &self.stores, seed: self.options.seed, is_known: &|_, _| false };
        plan::bind(pipeline, &context)
    }

    /// What earlier runs published, where the pipeline asks for partitions that are new.
    fn published(&self, pipeline: &Pipeline) -> Result<BTreeSet<PublishedInput>> {
        if !pipeline.sources.iter().any(|(_, source)| source.reads_new()) {
            return Ok(BTreeSet::new());
        }
        let home = self.home(pipeline)?;
        self.stores.io().block_on(history::published_inputs(&home, &pipeline.name.value))
    }

    /// What the pipeline published before.
    pub(crate) fn past(&self, pipeline: &Pipeline) -> Result<Past> {
        Ok(self.past_in(self.home(pipeline)?, &pipeline.name.value))
    }

    /// The same, of records in `home`.
    pub(crate) fn past_in(&self, home: Home, pipeline: &str) -> Past {
        Past::new(home, pipeline, self.stores.io().clone())
    }

    /// Where the pipeline's run records and journals are: the place it names, else beside the first dataset
    /// it writes.
    pub(crate) fn home(&self, pipeline: &Pipeline) -> Result<Home> {
        self.home_if_any(pipeline)?.ok_or_else(|| {
            Error::wrong("the pipeline writes nothing, so it keeps no records")
                .at(pipeline.name.span)
                .hint("give a table a `write:`, or name a folder for records with `state:`")
        })
    }

    /// The same; none for a pipeline that keeps no records.
    pub(crate) fn home_if_any(&self, pipeline: &Pipeline) -> Result<Option<Home>> {
        if let Some(state) = &pipeline.state {
            let folder = self.stores.open(&state.value).map_err(|error| error.at(state.span))?;
            return Ok(Some(Home::new(folder)));
        }
        let first: Option<&Spanned<String>> =
            pipeline.tables.iter().find_map(|(_, table)| table.write.as_ref().map(|write| &write.to));
        let Some(first) = first else { return Ok(None) };
        let dataset =
            self.stores.open(&first.value).and_then(Dataset::new).map_err(|error| error.at(first.span))?;
        Ok(Some(Home::new(dataset.state().clone())))
    }
}

/// The errors of `result` without the values of secret variables.
fn masked<T>(pipeline: &Pipeline, result: Result<T, Vec<Error>>) -> Result<T, Vec<Error>> {
    result.map_err(|errors| errors.into_iter().map(|error| pipeline.vars.mask_error(error)).collect())
}
