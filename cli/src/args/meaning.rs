//! What the arguments mean: every default settled, nothing left to look up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstream::ColorChoice;
use chrono::TimeDelta;
use clap::ValueEnum;
use lockgate_engine::Options;
use lockgate_engine::history::Asked;
use lockgate_engine::replay::Wanted;
use lockgate_rules::profile::Figure;

use super::data_format::DataFormat;
use super::typed::{
    By, Clean, Color, Command, Dataset, Drift, File, Format, Given, History, Import, LogLevel, Machine, Plan,
    Profile, ProfileKind, Publishing, Quarantine, Replay, Report, ReportKind, Run, Shown, Suggest, Typed,
    Validate,
};
use crate::import::Tool;
use crate::{environment, usage};

/// What is to be done, and how it is shown.
pub(crate) struct Request {
    /// What is to be done.
    pub(crate) work: Work,
    /// How it is shown.
    pub(crate) show: Show,
}

/// How everything is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    /// What standard output holds.
    pub(crate) format: Format,
    /// When to use colours.
    pub(crate) color: ColorChoice,
    /// How much is logged.
    pub(crate) log: LogLevel,
}

/// What is to be done.
pub(crate) enum Work {
    /// Write a starter pipeline into `folder`, for the dataset `from`.
    Init {
        /// The folder.
        folder: PathBuf,
        /// The dataset.
        from: Option<String>,
    },
    /// Turn the checks of another tool into a pipeline file.
    Import {
        /// The file.
        file: PathBuf,
        /// The tool.
        from: Option<Tool>,
        /// The dataset.
        name: Option<String>,
        /// Where the pipeline goes.
        out: Option<PathBuf>,
    },
    /// Check a pipeline file.
    Check(Job),
    /// Show what a run would do.
    Plan(Job),
    /// Run a pipeline.
    Run(Job),
    /// Run checks only.
    Validate(Job),
    /// Describe a dataset.
    Profile {
        /// The dataset.
        job: Job,
        /// How it is described.
        kind: ProfileKind,
        /// The file to write; none is the place that is usual for the kind.
        out: Option<PathBuf>,
    },
    /// Suggest checks for a dataset.
    Suggest(Job),
    /// Suggest checks for what was published.
    SuggestFromHistory {
        /// The pipeline or dataset.
        job: Job,
        /// The source or table; none is all.
        table: Option<String>,
    },
    /// List earlier runs.
    History {
        /// The pipeline.
        job: Job,
        /// How many.
        limit: usize,
    },
    /// Show a figure over what was published.
    Figures {
        /// The pipeline.
        job: Job,
        /// The figure.
        over: Over,
    },
    /// Compare what was published last with what was published before.
    Drift {
        /// The pipeline or dataset.
        job: Job,
        /// The source or table; none is all.
        table: Option<String>,
        /// What is compared with what.
        asked: Asked,
    },
    /// Write a report on a run.
    Report {
        /// The run.
        of: Recorded,
        /// What kind of report.
        kind: ReportKind,
        /// The file to write; none is the place that is usual for the kind.
        out: Option<PathBuf>,
    },
    /// Take rows of the quarantine through the pipeline again.
    Replay {
        /// The pipeline.
        job: Job,
        /// Which rows.
        wanted: Wanted,
    },
    /// Finish or undo runs that died.
    Recover(Job),
    /// Forget old runs.
    Clean {
        /// The pipeline.
        job: Job,
        /// Those that ended so long ago.
        older_than: TimeDelta,
    },
    /// Document the rules, or the named one.
    Rules(Option<String>),
    /// Document the functions, or the named one.
    Functions(Option<String>),
    /// Document the steps, or the named one.
    Steps(Option<String>),
    /// Print the JSON Schema of the pipeline file.
    Schema,
    /// Write the reference documentation into this folder.
    Reference(PathBuf),
}

/// A pipeline and how to run it.
pub(crate) struct Job {
    /// What is run.
    pub(crate) subject: Subject,
    /// Values of its variables.
    pub(crate) vars: Vec<(String, String)>,
    /// How it is run.
    pub(crate) options: Options,
    /// Whether alerts show in the exit code.
    pub(crate) warn_exit: bool,
}

/// A figure over what was published.
pub(crate) struct Over {
    /// The figure.
    pub(crate) figure: Figure,
    /// The source or table; none is all that know it.
    pub(crate) table: Option<String>,
    /// So many points at most.
    pub(crate) limit: usize,
}

/// Where the record of a run is.
pub(crate) enum Recorded {
    /// Among those that a pipeline keeps.
    Run {
        /// The pipeline.
        job: Box<Job>,
        /// How the run's id begins; none is the newest.
        run: Option<String>,
    },
    /// In a file; `-` is standard input.
    File(PathBuf),
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A pipeline file.
    File(PathBuf),
    /// Checks on a dataset.
    Dataset {
        /// Where the dataset is.
        read: String,
        /// How its files are stored.
        format: DataFormat,
        /// The checks, as they stand in a pipeline file.
        checks: Vec<String>,
    },
}

impl From<Typed> for Request {
    fn from(typed: Typed) -> Self {
        Self { work: Work::from(typed.command), show: Show::from(&typed.shown) }
    }
}

impl From<&Shown> for Show {
    fn from(shown: &Shown) -> Self {
        let color = match shown.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let set = || LogLevel::from_str(&environment::log_level()?, true).ok();
        Self { format: shown.format, color, log: shown.log.or_else(set).unwrap_or_default() }
    }
}

impl From<Command> for Work {
    fn from(command: Command) -> Self {
        match command {
            Command::Init(init) => Self::Init { folder: init.folder, from: init.from },
            Command::Import(Import { file, from, name, out }) => Self::Import { file, from, name, out },
            Command::Check(file) => Self::Check(Job::about(file)),
            Command::Plan(Plan { file, machine }) => Self::Plan(Job::about(file).on(&machine)),
            Command::Run(run) => Self::Run(run.into()),
            Command::Validate(validate) => Self::Validate(validate.into()),
            Command::Profile(Profile { dataset, kind, out }) => {
                Self::Profile { job: dataset.into(), kind, out }
            }
            Command::Suggest(suggest) => suggest.into(),
            Command::History(history) => history.into(),
            Command::Drift(drift) => drift.into(),
            Command::Report(report) => {
                Self::Report { kind: report.kind, out: report.out.clone(), of: report.into() }
            }
            Command::Quarantine(Quarantine::Replay(replay)) => replay.into(),
            Command::Recover(file) => Self::Recover(Job::about(file)),
            Command::Clean(clean) => clean.into(),
            Command::Rules(entry) => Self::Rules(entry.name),
            Command::Functions(entry) => Self::Functions(entry.name),
            Command::Steps(entry) => Self::Steps(entry.name),
            Command::Schema => Self::Schema,
            Command::Reference(reference) => Self::Reference(reference.out),
        }
    }
}

impl From<Clean> for Work {
    fn from(clean: Clean) -> Self {
        let Clean { file, older_than, unchanged } = clean;
        let mut job = Job::about(file);
        job.options.dry_run = unchanged;
        Self::Clean { job, older_than }
    }
}

/// Runs that are listed where nothing is said.
const RUNS: usize = 10;

/// Points that a figure is shown over where nothing is said: a year of days.
const POINTS: usize = 365;

impl From<History> for Work {
    fn from(history: History) -> Self {
        let History { file, limit, metric, table } = history;
        let job = Job::about(file);
        match metric {
            None => Self::History { job, limit: limit.unwrap_or(RUNS) },
            Some(figure) => {
                Self::Figures { job, over: Over { figure, table, limit: limit.unwrap_or(POINTS) } }
            }
        }
    }
}

impl From<Drift> for Work {
    fn from(drift: Drift) -> Self {
        let Drift { target, table, baseline, by, at, given } = drift;
        let asked = Asked { baseline, by_weekday: by == Some(By::Weekday), at: at.filter(|at| at != NEWEST) };
        Self::Drift { job: Job::new(Subject::told(target), given), table, asked }
    }
}

impl From<Suggest> for Work {
    fn from(suggest: Suggest) -> Self {
        let Suggest { dataset, history, table, given } = suggest;
        let Dataset { read, read_as, machine } = dataset;
        let subject = match Subject::told(read) {
            Subject::Dataset { read, checks, .. } => Subject::of_dataset(read, read_as, checks),
            file @ Subject::File(_) => file,
        };
        let of_history = history || table.is_some() || matches!(subject, Subject::File(_));
        let job = Job::new(subject, given).on(&machine);
        if of_history { Self::SuggestFromHistory { job, table } } else { Self::Suggest(job) }
    }
}

/// What stands for the newest point.
const NEWEST: &str = "newest";

impl From<Report> for Recorded {
    fn from(report: Report) -> Self {
        let Report { file, run, record, given, .. } = report;
        match record {
            Some(record) => Self::File(record),
            // Without a record, a file is required.
            None => {
                Self::Run { job: Box::new(Job::about(File { file: file.unwrap_or_default(), given })), run }
            }
        }
    }
}

impl From<Run> for Job {
    fn from(run: Run) -> Self {
        Self::about(run.file).publishing(&run.publishing)
    }
}

impl From<Replay> for Work {
    fn from(replay: Replay) -> Self {
        let Replay { file, table, runs, at, reread, leave, publishing } = replay;
        let run_time = file.given.run_time.as_ref().map(|time| time.0);
        let job = Job::about(file).publishing(&publishing);
        Self::Replay { job, wanted: Wanted { table, runs, at, reread, leave, run_time } }
    }
}

impl From<Validate> for Job {
    fn from(validate: Validate) -> Self {
        let Validate { target, checks, given, warn_exit, machine } = validate;
        let subject = if checks.is_empty() {
            Subject::File(target.into())
        } else {
            Subject::of_dataset(target, None, checks)
        };
        Self { warn_exit, ..Self::new(subject, given).on(&machine) }
    }
}

impl From<Dataset> for Job {
    fn from(dataset: Dataset) -> Self {
        let Dataset { read, read_as, machine } = dataset;
        let given = Given { vars: Vec::new(), run_time: None };
        Self::new(Subject::of_dataset(read, read_as, Vec::new()), given).on(&machine)
    }
}

impl Subject {
    /// A pipeline file, by its ending or because it is a file and not one of data; or a dataset.
    fn told(target: String) -> Self {
        let path = Path::new(&target);
        let is_yaml = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml"));
        let is_other_file = || path.is_file() && DataFormat::of_name(&target).is_none();
        if is_yaml || target == "-" || is_other_file() {
            return Self::File(target.into());
        }
        Self::of_dataset(target, None, Vec::new())
    }

    /// `checks` on the dataset at `read`, whose names tell how it is stored unless `read_as` does.
    fn of_dataset(read: String, read_as: Option<DataFormat>, checks: Vec<String>) -> Self {
        let told = || DataFormat::of_name(&read).or_else(|| DataFormat::of_folder(Path::new(&read)));
        let format = read_as.or_else(told).unwrap_or(DataFormat::Parquet);
        Self::Dataset { read, format, checks }
    }
}

impl Job {
    /// A job that only looks at a dataset.
    pub(crate) fn looking_at(read: String) -> Self {
        let given = Given { vars: Vec::new(), run_time: None };
        Self::new(Subject::of_dataset(read, None, Vec::new()), given)
    }

    fn about(file: File) -> Self {
        Self::new(Subject::File(file.file), file.given)
    }

    fn new(subject: Subject, given: Given) -> Self {
        let options = Options {
            threads: environment::workers(),
            memory: None,
            ceiling: None,
            spill_dir: environment::temporary_folder(),
            spill_limit: None,
            run_time: given.run_time.map_or_else(environment::now, |time| time.0),
            dry_run: false,
            shortcuts: true,
            seed: 0,
            usage: Some(Arc::new(usage::measured)),
        };
        let vars = given.vars.into_iter().map(|variable| (variable.name, variable.value)).collect();
        Self { subject, vars, options, warn_exit: false }
    }

    fn publishing(self, how: &Publishing) -> Self {
        let mut job = self.on(&how.machine);
        job.options.dry_run = how.unpublished;
        job.warn_exit = how.warn_exit;
        job
    }

    fn on(mut self, machine: &Machine) -> Self {
        self.options.threads = machine.threads.map_or(self.options.threads, usize::from);
        // What was asked for is kept to; what was not leaves a little for the system.
        let (memory, ceiling) = match machine.memory {
            Some(bytes) => (Some(bytes.0), Some(bytes.0)),
            None => usage::memory().map_or((None, None), |all| (Some(all / 4 * 3), Some(all / 20 * 19))),
        };
        self.options.memory = memory;
        self.options.ceiling = ceiling.map(|bytes| (bytes, usage::process()));
        if let Some(folder) = &machine.spill_dir {
            self.options.spill_dir.clone_from(folder);
        }
        self.options.spill_limit = machine.spill_limit.map(|bytes| bytes.0);
        self.options.shortcuts = !machine.no_shortcuts;
        self.options.seed = machine.seed;
        self
    }
}
