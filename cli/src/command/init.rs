//! `lockgate init`: a commented starter pipeline.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path};

use lockgate_engine::Error;
use lockgate_engine::plan::Column;
use serde_json::json;

use crate::args::Job;
use crate::environment;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::{Session, format_of};

/// Name of the file that is written.
const FILE: &str = "pipeline.yaml";

/// Where the starter reads where no dataset is given.
const EXAMPLE: &str = "./lake/raw_orders/";

/// Writes the starter into `folder`, for the dataset `from` if there is one. A file that is there stays.
pub(super) fn init(folder: &Path, from: Option<&str>, screen: &Screen) -> Result<Ended, Failure> {
    let path = folder.join(FILE);
    let columns = from.map(|from| columns(from, screen)).transpose()?.unwrap_or_default();
    let read =
        from.map(|from| Ok::<_, Error>(seen_from(folder, from, &environment::folder()?))).transpose()?;
    write_new(&path, &starter(read.as_deref().unwrap_or(EXAMPLE), &columns))?;
    let shown = path.display().to_string();
    screen.show(&json!({ "written": shown }), |_| {
        format!("{shown} is written; next:\n  lockgate check {shown}\n  lockgate run {shown}\n")
    })?;
    Ok(Ended::Done)
}

/// The columns of the dataset at `read`.
fn columns(read: &str, screen: &Screen) -> Result<Vec<Column>, Failure> {
    let session = Session::open(&Job::looking_at(read.to_owned()), screen)?;
    let plan = session.ask(lockgate_engine::Engine::plan)?;
    Ok(plan.sources.into_iter().next().map(|source| source.columns).unwrap_or_default())
}

/// The path `from`, given in `here`, as a file in `folder` has to write it.
fn seen_from(folder: &Path, from: &str, here: &Path) -> String {
    if from.contains("://") || Path::new(from).is_absolute() {
        return from.to_owned();
    }
    let parts: Vec<Component<'_>> = folder.components().filter(|part| *part != Component::CurDir).collect();
    if parts.iter().all(|part| matches!(part, Component::Normal(_))) {
        return "../".repeat(parts.len()) + from;
    }
    here.join(from).display().to_string()
}

/// Writes a file that is not there yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let unwritable = |error: std::io::Error| {
        let wrong = Error::wrong(format!("writing {}", path.display()));
        let hint = match error.kind() {
            ErrorKind::AlreadyExists => "the file is there already and stays as it is; name another",
            _ => "name a place that can be written to",
        };
        wrong.hint(hint).because(error)
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}

/// A pipeline that reads `read` and publishes it, with everything else there is as comments.
fn starter(read: &str, columns: &[Column]) -> String {
    let name = name(read);
    let format = format_of(read);
    let first = columns.first().map_or("id", |column| column.name.as_str());
    let (read, key, key_sql) = (yaml(read), yaml(first), sql(first));
    let partitioned = if columns.iter().any(|column| column.name == "created_at") { "" } else { "# " };
    let line = |column: &Column| format!("    #     {}: {}", yaml(&column.name), column.data_type);
    let listed = render::lines(columns.iter().map(line));
    let listed = if listed.is_empty() { "    #     id: int64\n".to_owned() } else { listed };
    format!(
        "\
# What is read, checked, changed and published. `lockgate schema > lockgate.schema.json` writes the schema
# that the next line gives to editors; `lockgate rules`, `steps` and `functions` list what there is.
# yaml-language-server: $schema=lockgate.schema.json
pipeline: {name}

vars:
  lake: ${{LAKE:-./lake}}              # from the environment, with a default; --var lake=… overrides it

sources:
  {name}:
    read: {read}        # a file, folder, glob or URL: s3:// gs:// az://
    format: {format}                  # parquet, csv or ndjson
    # partitions: {{created_at: latest}}   # all (default), latest, new, {{from: …, to: …}} or a list
    # schema:                          # what must be there, and of which type
    #   columns:
{listed}    #   extra_columns: keep            # keep, drop or fail
    checks:                            # before anything else happens to the rows
      - row_count: {{min: 1}}
      # - not_null: {key}
      # - completeness: {{column: {key}, mostly: 0.99, severity: alert}}

tables:
  {name}_clean:
    from: {name}
    # steps:                           # in this order
    #   - filter: {key_sql} IS NOT NULL
    #   - deduplicate: {{keys: [{key}]}}
    checks:                            # of what came out; nothing is published if one of them fails
      - row_count: {{min: 1}}
      # - unique: {{columns: [{key}]}}   # those that tell rows apart
    write:
      to: ${{lake}}/{name}_clean/
      mode: replace                    # the partitions written; or append, or error_if_exists
      {partitioned}partition_by: created_at       # a column; without it, the time of the run
    # quarantine: ${{lake}}/quarantine/{name}_clean/
"
    )
}

/// A name for the dataset at `read`, from the last part of its path that says anything.
pub(super) fn name(read: &str) -> String {
    let parts = read.split(['/', '\\']).rev().filter(|part| !part.contains(['*', '=', ':']));
    let word = |part: &str| -> String {
        let stem = part.split('.').next().unwrap_or_default();
        let stem = stem.strip_prefix("raw_").unwrap_or(stem);
        let safe = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        safe.collect::<String>().trim_matches('_').to_owned()
    };
    let named = |word: &String| word.starts_with(|c: char| c.is_ascii_alphabetic());
    parts.map(word).find(named).unwrap_or_else(|| "dataset".into())
}

/// Text in a YAML list or mapping: as it is where it cannot be taken for anything else.
fn yaml(text: &str) -> String {
    const WORDS: [&str; 8] = ["true", "false", "null", "yes", "no", "on", "off", "y"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_./".contains(c))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./:-*=".contains(c))
        && !text.ends_with(':')
        && text.contains(|c: char| c.is_ascii_alphanumeric())
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A column's name in an expression.
fn sql(column: &str) -> String {
    let plain = column.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !column.is_empty() {
        column.to_owned()
    } else {
        format!("\"{}\"", column.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> Column {
        Column { name: name.to_owned(), data_type: data_type.to_owned() }
    }

    #[test]
    fn the_starter_is_commented() {
        insta::assert_snapshot!(starter(EXAMPLE, &[]));
    }

    #[test]
    fn a_dataset_lists_its_columns() {
        let columns = [column("order_id", "int64"), column("unit price", "decimal(12,2)")];
        insta::assert_snapshot!(starter("s3://lake/staging/raw_orders/*.parquet", &columns));
    }

    #[test]
    fn the_dataset_gives_the_name() {
        let names = ["lake/raw_orders/", "s3://b/Orders 2.csv.gz", "x/created_at=1/*.parquet", "/", "2024/"]
            .map(name);
        assert_eq!(names, ["orders", "orders_2", "x", "dataset", "dataset"]);
    }

    #[test]
    fn a_relative_path_starts_from_the_folder_of_the_file() {
        let seen = |folder: &str, from| seen_from(Path::new(folder), from, Path::new("/home/me"));
        assert_eq!(seen(".", "lake/raw"), "lake/raw");
        assert_eq!(seen("pipelines/orders", "lake/raw"), "../../lake/raw");
        assert_eq!(seen("../other", "lake/raw"), "/home/me/lake/raw");
        assert_eq!(seen("/etc", "lake/raw"), "/home/me/lake/raw");
        assert_eq!(seen("sub", "s3://lake/raw"), "s3://lake/raw");
        assert_eq!(seen("sub", "/lake/raw"), "/lake/raw");
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        assert_eq!(["order_id", "s3://b/*.csv", "./a"].map(yaml), ["order_id", "s3://b/*.csv", "./a"]);
        assert_eq!(
            ["no", "1", "a b", "a: b", "*x", ".", ""].map(|text| yaml(text).starts_with('"')),
            [true; 7]
        );
    }

    #[test]
    fn a_file_that_is_there_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("deeper").join(FILE);
        write_new(&path, "first").expect("a new file");
        let error = write_new(&path, "second").expect_err("it is there");
        assert!(error.cure().is_some_and(|hint| hint.contains("stays as it is")));
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "first");
    }
}
