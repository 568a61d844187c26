//! What was typed, as clap reads it. The texts here are the help.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use lockgate_rules::Baseline;
use lockgate_rules::profile::Figure;

use super::age::age;
use super::baseline::baseline;
use super::bytes::Bytes;
use super::data_format::DataFormat;
use super::run_time::RunTime;
use super::variable::Variable;
use crate::import::Tool;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Streams, validates and publishes data partitions; nothing that fails a check is ever visible.
#[derive(Debug, Parser)]
#[command(
    name = "lockgate",
    version,
    styles = STYLES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Example: lockgate run orders.yaml --var lake=s3://lake --run-time 2026-11-23\n\n\
                  Exit codes: 0 done, 10 alerts (with --warn-exit), 20 gate closed, 30 something given is \
                  wrong, 40 unavailable (try again), 50 defect, 130 and 143 interrupted."
)]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) shown: Shown,
}

/// How everything is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Shown {
    /// What standard output holds: text for people, or one JSON document, errors included
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) format: Format,
    /// What is logged to standard error; the variable `LOCKGATE_LOG` sets it too [default: warn]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub(super) log: Option<LogLevel>,
    /// When to use colours; `NO_COLOR` is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented starter pipeline
    #[command(after_help = "Example: lockgate init --from s3://lake/raw_orders/ orders")]
    Init(Init),
    /// Turn the checks of another tool into a pipeline file
    ///
    /// Reads ODCS contracts, dbt's schema.yml, suites of Great Expectations, and checks or contracts of Soda.
    /// The pipeline goes to standard output; what was not carried over, and what differs in meaning, is listed
    /// on standard error and in the file.
    #[command(after_help = "Examples:\n  lockgate import models/schema.yml > checks.yaml\n  \
                            lockgate import suite.json --from gx --name orders --out orders.yaml")]
    Import(Import),
    /// Check a pipeline file against the schemas of its sources, without reading data
    #[command(after_help = "Example: lockgate check orders.yaml")]
    Check(File),
    /// Show what a run would read, compute, check and write
    #[command(after_help = "Example: lockgate plan orders.yaml --var lake=./lake")]
    Plan(Plan),
    /// Run a pipeline: read, check, transform, check, and publish if the gate opens
    #[command(after_help = "Example: lockgate run orders.yaml --run-time 2026-11-23 --memory 4GB")]
    Run(Run),
    /// Run checks only: those of a pipeline, or any on a dataset
    #[command(after_help = "Examples:\n  lockgate validate orders.yaml\n  \
                            lockgate validate lake/orders/ --check 'not_null: id' --check 'unique: id'")]
    Validate(Validate),
    /// Describe the columns of a dataset: nulls, ranges, frequent values, shapes of texts
    #[command(after_help = "Examples:\n  lockgate profile lake/orders/\n  \
                            lockgate profile 's3://lake/orders/*.csv' --format json\n  \
                            lockgate profile lake/orders/ --as html --out orders.html")]
    Profile(Profile),
    /// Suggest checks for a dataset, as a pipeline file, or for what a pipeline has published
    ///
    /// The checks are learnt from a part of the rows and tested on the others; those that fail there are left
    /// out. Each says what it was learnt from, and alerts. The file goes to standard output. Of a pipeline, or
    /// with `--history`, they are learnt from the states of what was published earlier and tested on those of
    /// what was published last; no data is read, and the output is a list of checks for each table.
    #[command(after_help = "Examples:\n  lockgate suggest lake/orders/ > orders.yaml\n  \
                            lockgate suggest lake/orders/ | lockgate validate -\n  \
                            lockgate suggest orders.yaml --table clean")]
    Suggest(Suggest),
    /// List earlier runs of a pipeline, the latest first, or show a figure over them
    #[command(after_help = "Examples:\n  lockgate history orders.yaml --limit 5\n  \
                            lockgate history orders.yaml --metric 'mean(price)'")]
    History(History),
    /// Compare what was published last with what was published before, column by column
    ///
    /// Reads the states that published runs keep of a table with `profile:` or checks of drift, never data.
    /// Distances and thresholds are those of the rules of drift; the column that drifted most comes first.
    #[command(after_help = "Examples:\n  lockgate drift orders.yaml\n  \
                            lockgate drift orders.yaml clean --baseline same_weekday:4 --at 2026-11-23\n  \
                            lockgate drift s3://lake/orders/ --by weekday")]
    Drift(Drift),
    /// Write a report on a run: a page to look at, a comment for a pull request, or test results
    #[command(after_help = "Examples:\n  lockgate report orders.yaml\n  \
                            lockgate report orders.yaml 3f9a1c --as markdown --out comment.md\n  \
                            lockgate validate orders.yaml --format json | lockgate report --record - --as junit")]
    Report(Report),
    /// Work with the rows that checks and steps have kept apart
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example: lockgate quarantine replay orders.yaml --dry-run"
    )]
    Quarantine(Quarantine),
    /// Finish or undo runs that died
    #[command(after_help = "Example: lockgate recover orders.yaml")]
    Recover(File),
    /// Forget old runs: their records and states, once nothing that they published is there any more
    ///
    /// Recovers what died first. Records stay of runs of which a file is still in an output or a quarantine of the
    /// pipeline, and always that of the newest run. Data is never touched. What is forgotten is no longer known as
    /// done: asked for again, such a run is done again; partitions that were read stay known to `partitions: new`.
    #[command(after_help = "Example: lockgate clean orders.yaml --older-than 90d --dry-run")]
    Clean(Clean),
    /// List the rules that checks apply, or document one
    #[command(after_help = "Example: lockgate rules between")]
    Rules(Entry),
    /// List the functions of expressions, or document one
    #[command(after_help = "Example: lockgate functions date_trunc")]
    Functions(Entry),
    /// List the steps of tables, or document one
    #[command(after_help = "Example: lockgate steps deduplicate")]
    Steps(Entry),
    /// Print the JSON Schema of the pipeline file, for editors
    #[command(after_help = "Example: lockgate schema > lockgate.schema.json")]
    Schema,
    /// Write the reference documentation
    #[command(hide = true)]
    Reference(Reference),
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Folder to write pipeline.yaml to; it is never overwritten
    #[arg(default_value = ".")]
    pub(super) folder: PathBuf,
    /// Dataset to start from: its columns are listed in the file
    #[arg(long, value_name = "PATH")]
    pub(super) from: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// File of the other tool: YAML or JSON
    pub(super) file: PathBuf,
    /// The other tool [default: told by what stands in the file]
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(super) from: Option<Tool>,
    /// Dataset to import, of a file about several; what to call it, of a file about one
    #[arg(long, value_name = "TABLE")]
    pub(super) name: Option<String>,
    /// File to write instead of standard output; it is never overwritten
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// A pipeline file and the values it leaves open.
#[derive(Debug, Args)]
pub(super) struct File {
    /// Pipeline file
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) given: Given,
}

#[derive(Debug, Args)]
pub(super) struct Given {
    /// Give a variable of the pipeline file a value; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(super) vars: Vec<Variable>,
    /// Logical time of the run: a date, or a time in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub(super) run_time: Option<RunTime>,
}

/// What a run may use of the machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Machine")]
pub(super) struct Machine {
    /// Worker threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Memory the process may use, such as 4GB [default: three quarters of what there is]
    #[arg(long, value_name = "SIZE")]
    pub(super) memory: Option<Bytes>,
    /// Folder for what does not fit in memory [default: that of temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub(super) spill_dir: Option<PathBuf>,
    /// Most disk that may take, such as 100GB [default: no bound]
    #[arg(long, value_name = "SIZE")]
    pub(super) spill_limit: Option<Bytes>,
    /// Compute what footers, dictionaries or the plan could prove
    #[arg(long)]
    pub(super) no_shortcuts: bool,
    /// Seed of everything random, such as samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) file: File,
    #[command(flatten)]
    pub(super) machine: Machine,
}

/// Whether and how what was made is published.
#[derive(Debug, Args)]
pub(super) struct Publishing {
    /// Do everything but publish
    #[arg(long = "dry-run")]
    pub(super) unpublished: bool,
    /// Exit with code 10 if checks alert
    #[arg(long)]
    pub(super) warn_exit: bool,
    #[command(flatten)]
    pub(super) machine: Machine,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) file: File,
    #[command(flatten)]
    pub(super) publishing: Publishing,
}

#[derive(Debug, Subcommand)]
pub(super) enum Quarantine {
    /// Take rows through the pipeline again, from where they had left, and publish those that pass
    ///
    /// Rows go on with the steps and checks that the pipeline has now: correct these, or the rows in the files of
    /// the quarantine. What passes is appended to the tables and leaves the quarantine in the same commit; what
    /// fails again stays there with its new reasons. Without rows in quarantine there is nothing to do.
    #[command(after_help = "Examples:\n  lockgate quarantine replay orders.yaml --dry-run\n  \
                            lockgate quarantine replay orders.yaml --table clean --run 3f9a1c")]
    Replay(Replay),
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) file: File,
    /// Source or table whose rows go on [default: all that have a quarantine]
    #[arg(long, value_name = "TABLE")]
    pub(super) table: Option<String>,
    /// Run that kept the rows apart: its id, or its beginning; may be repeated [default: all]
    #[arg(long = "run", value_name = "RUN")]
    pub(super) runs: Vec<String>,
    /// Where the rows had left: `checks`, or the name of a step [default: anywhere]
    #[arg(long, value_name = "POINT")]
    pub(super) at: Option<String>,
    /// Take also rows whose files a later run has read again, which may have published them already
    #[arg(long)]
    pub(super) reread: bool,
    /// Table that does not get the rows, nor do those made from it; may be repeated
    #[arg(long, value_name = "TABLE")]
    pub(super) leave: Vec<String>,
    #[command(flatten)]
    pub(super) publishing: Publishing,
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Pipeline file, `-` for standard input; or, with --check, a file, folder, glob or URL of data
    pub(super) target: String,
    /// Check to run on the dataset, as it stands under `checks:`; may be repeated
    #[arg(long = "check", value_name = "RULE")]
    pub(super) checks: Vec<String>,
    #[command(flatten)]
    pub(super) given: Given,
    /// Exit with code 10 if checks alert
    #[arg(long)]
    pub(super) warn_exit: bool,
    #[command(flatten)]
    pub(super) machine: Machine,
}

/// A dataset to look at.
#[derive(Debug, Args)]
pub(super) struct Dataset {
    /// File, folder, glob or URL of data: s3://, gs:// and az:// too
    pub(super) read: String,
    /// How its files are stored [default: told by the endings of their names]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(super) read_as: Option<DataFormat>,
    #[command(flatten)]
    pub(super) machine: Machine,
}

#[derive(Debug, Args)]
pub(super) struct Suggest {
    #[command(flatten)]
    pub(super) dataset: Dataset,
    /// Learn from the states that lie beside the dataset, without reading it; a pipeline file is always asked so
    #[arg(long)]
    pub(super) history: bool,
    /// Source or table of the history to suggest checks for [default: all that keep states]
    #[arg(long, value_name = "TABLE")]
    pub(super) table: Option<String>,
    #[command(flatten)]
    pub(super) given: Given,
}

#[derive(Debug, Args)]
pub(super) struct Profile {
    /// What kind of description
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t)]
    pub(super) kind: ProfileKind,
    /// File to write, `-` for standard output [default: for html a new file in this folder, else `-`]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) dataset: Dataset,
}

#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "help on a terminal has no markup")]
pub(super) struct History {
    #[command(flatten)]
    pub(super) file: File,
    /// How many runs to list at most, or points to show [default: 10 runs, 365 points]
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Figure to show over time: row_count, or null_count, null_ratio, nan_ratio, distinct_count, min, max, sum,
    /// mean, stddev, median, avg_length, top_ratio of a column as in 'mean(price)', 'quantile(price, 0.9)',
    /// 'share_of(city, Bern)'
    #[arg(long, value_name = "FIGURE")]
    pub(super) metric: Option<Figure>,
    /// Source or table that the figure is of [default: all that know it]
    #[arg(long, value_name = "TABLE", requires = "metric")]
    pub(super) table: Option<String>,
}

#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "help on a terminal has no markup")]
pub(super) struct Drift {
    /// Pipeline file, or a dataset that one has published: a folder or URL
    pub(super) target: String,
    /// Source or table [default: all that keep states]
    pub(super) table: Option<String>,
    /// What to compare with: last:N, previous, same_weekday:N or run:ID
    #[arg(long, value_name = "POINTS", value_parser = baseline, default_value = "last:7")]
    pub(super) baseline: Baseline,
    /// Compare the newest point of each weekday with the earlier ones of that weekday
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "at")]
    pub(super) by: Option<By>,
    /// Point to look at: a partition, its value, a day or a run's id; `newest` is the latest
    #[arg(long, value_name = "PARTITION", default_value = "newest")]
    pub(super) at: Option<String>,
    #[command(flatten)]
    pub(super) given: Given,
}

/// What points are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// The day of the week
    Weekday,
}

#[derive(Debug, Args)]
pub(super) struct Report {
    /// Pipeline file whose runs are reported on
    #[arg(required_unless_present = "record", conflicts_with = "record")]
    pub(super) file: Option<PathBuf>,
    /// Id of the run, or its beginning [default: the newest]
    pub(super) run: Option<String>,
    /// Report on the run record in this file, as `--format json` printed it; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// What kind of report
    #[arg(long = "as", value_name = "KIND", value_enum, default_value_t)]
    pub(super) kind: ReportKind,
    /// File to write, `-` for standard output [default: for html a new file in this folder, else `-`]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) given: Given,
}

#[derive(Debug, Args)]
pub(super) struct Clean {
    #[command(flatten)]
    pub(super) file: File,
    /// How long ago a run has to have ended, by the clock of its store: 36h, 90d, 12w
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(super) older_than: TimeDelta,
    /// Say what would be forgotten, and forget nothing
    #[arg(long = "dry-run")]
    pub(super) unchanged: bool,
}

#[derive(Debug, Args)]
pub(super) struct Entry {
    /// Name of one; all are listed without
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Reference {
    /// Folder to write to
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
}

/// What standard output holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// Kinds of descriptions of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileKind {
    /// Tables, or the document that `--format json` asks for
    #[default]
    Text,
    /// One page that needs nothing else
    Html,
}

/// Kinds of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportKind {
    /// One page that needs nothing else
    #[default]
    Html,
    /// A comment for a pull request
    Markdown,
    /// Test results, as Jenkins and GitLab read them
    Junit,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    #[default]
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// As filters spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
