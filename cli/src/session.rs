//! A pipeline opened together with the engine that runs it.

use std::path::Path;

use lockgate_engine::history::Whose;
use lockgate_engine::spec::SourceText;
use lockgate_engine::store::Settings;
use lockgate_engine::{Engine, Error, Pipeline};

use crate::args::{DataFormat, Job, Subject};
use crate::environment;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::signals;

/// A pipeline, its engine, and the text that errors point into.
pub(crate) struct Session {
    engine: Engine,
    pipeline: Pipeline,
    subject: Subject,
    text: SourceText,
    screen: Screen,
}

impl Session {
    /// Reads the pipeline of `job` and makes an engine for it. From here on, signals ask the engine to stop.
    pub(crate) fn open(job: &Job, screen: &Screen) -> Result<Self, Failure> {
        let text = text(&job.subject)?;
        let variables = environment::variables();
        let pipeline = Pipeline::load(text.clone(), &job.vars, &variables)
            .map_err(|errors| Failure::from(errors).within(&text))?;
        let base_dir = environment::folder()?.join(folder(&job.subject));
        let held = signals::hold()?;
        let clock = std::sync::Arc::new(environment::now);
        let engine = Engine::new(job.options.clone(), Settings::new(base_dir, variables), clock)?;
        held.pass_to(engine.cancel().clone(), screen)?;
        Ok(Self { engine, pipeline, subject: job.subject.clone(), text, screen: screen.clone() })
    }

    /// Goes on with another subject and the same engine.
    pub(crate) fn turn_to(&mut self, subject: &Subject) -> Result<(), Failure> {
        let text = text(subject)?;
        let variables = environment::variables();
        self.pipeline = Pipeline::load(text.clone(), &[], &variables)
            .map_err(|errors| Failure::from(errors).within(&text))?;
        self.text = text;
        self.subject = subject.clone();
        Ok(())
    }

    /// Asks the engine for something, and shows its progress meanwhile.
    pub(crate) fn ask<T, E: Into<Failure>>(
        &self,
        question: impl FnOnce(&Engine, &Pipeline) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let progress = render::Progress::start(self.engine.progress(), &self.screen);
        let answer = question(&self.engine, &self.pipeline);
        drop(progress);
        answer.map_err(|errors| errors.into().within(&self.text).after(self.engine.cancel().signal()))
    }

    /// Whose history is looked at: that of the pipeline, or that of the dataset.
    pub(crate) fn whose(&self) -> Whose<'_> {
        match &self.subject {
            Subject::File(_) => Whose::Pipeline(&self.pipeline),
            Subject::Dataset { read, .. } => Whose::Dataset(read),
        }
    }

    /// The name of the pipeline's file.
    pub(crate) fn name(&self) -> &str {
        &self.text.name
    }
}

/// The folder that relative paths of the pipeline start from: its file's own.
fn folder(subject: &Subject) -> &Path {
    match subject {
        Subject::File(file) => file.parent().unwrap_or_else(|| Path::new("")),
        Subject::Dataset { .. } => Path::new(""),
    }
}

fn text(subject: &Subject) -> Result<SourceText, Error> {
    match subject {
        Subject::File(file) => read(file),
        Subject::Dataset { read, format, checks } => {
            Ok(SourceText::new("command line", &dataset(read, *format, checks)))
        }
    }
}

/// What stands for standard input.
const STREAM: &str = "-";

fn read(file: &Path) -> Result<SourceText, Error> {
    if file == Path::new(STREAM) {
        let text = std::io::read_to_string(std::io::stdin().lock())
            .map_err(|error| Error::wrong("reading the pipeline from standard input").because(error))?;
        return Ok(SourceText::new("standard input", &text));
    }
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        let wrong = Error::wrong(format!("reading the pipeline file {name}"));
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => Some("write one with `lockgate init`"),
            std::io::ErrorKind::IsADirectory => {
                Some("name the file, such as pipeline.yaml, not its folder; a dataset takes --check")
            }
            _ if DataFormat::of_name(&name).is_some() => {
                Some("a dataset is checked with --check, and described by `lockgate profile`")
            }
            std::io::ErrorKind::InvalidData => Some("a pipeline file is YAML in UTF-8"),
            _ => None,
        };
        hint.into_iter().fold(wrong, Error::hint).because(error)
    })?;
    Ok(SourceText::new(&name, &text))
}

/// A pipeline that does nothing but run `checks` on the dataset at `read`.
fn dataset(read: &str, format: DataFormat, checks: &[String]) -> String {
    let mut text = format!(
        "pipeline: validate\nsources:\n  dataset:\n    read: {}\n    format: {}\n",
        serde_json::Value::from(read),
        format.name(),
    );
    // Without a check of its own, the dataset is only looked at.
    text += if checks.is_empty() { "    checks: [row_count: {min: 0}]\n" } else { "    checks:\n" };
    for check in checks {
        // Further lines of a check stay below its first.
        text.extend(["      - ", &check.trim().replace('\n', "\n        "), "\n"]);
    }
    // A pipeline has a table; this one leaves the rows as they are and is not written.
    text += "tables:\n  rows:\n    from: dataset\n";
    text
}

/// How files are stored, by the ending of their name.
pub(crate) fn format_of(read: &str) -> &'static str {
    DataFormat::of_name(read).unwrap_or(DataFormat::Parquet).name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_on_a_dataset_are_a_pipeline() {
        let checks = ["not_null: id".to_owned(), "between:\n  column: n\n  min: 1".to_owned()];
        assert_eq!(
            dataset("lake/a \"b\".csv", DataFormat::Csv, &checks),
            "pipeline: validate\nsources:\n  dataset:\n    read: \"lake/a \\\"b\\\".csv\"\n    format: csv\n    \
             checks:\n      - not_null: id\n      - between:\n          column: n\n          min: 1\ntables:\n  rows:\n    from: dataset\n"
        );
    }

    #[test]
    fn the_ending_tells_the_format() {
        let formats = ["a.csv", "s3://b/*.csv.gz", "a.jsonl", "a.parquet", "folder/"].map(format_of);
        assert_eq!(formats, ["csv", "csv", "ndjson", "parquet", "parquet"]);
    }

    #[test]
    fn a_missing_file_is_wrong_and_has_a_cure() {
        let error = read(Path::new("/no/such/pipeline.yaml")).expect_err("there is none");
        assert_eq!(error.kind(), lockgate_engine::Kind::Wrong);
        assert_eq!(error.cure(), Some("write one with `lockgate init`"));
    }
}
