//! A small lake in a server's bucket, and a pipeline over it that replaces a part of what it published before.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::{Proxy, Ran, Server, command, folder, oracle, pipeline};

const PIPELINE: &str = "pipeline: orders
vars: {out: '${LOCKGATE_OUT}', raw: '${LOCKGATE_RAW}', edition: 0, from: '2024-03-01', to: '2024-03-01'}
sources:
  orders:
    read: ${raw}/raw_orders/
    partitions: {created_at: {from: '${from}', to: '${to}'}}
    checks:
      - row_count: {min: 1}
tables:
  all_orders:
    from: orders
    steps:
      - derive: {edition: '${edition}'}
    checks:
      - not_null: order_id
    write: {to: '${out}/all_orders/', partition_by: created_at}
  by_day:
    from: all_orders
    steps:
      - aggregate: {by: [created_at, edition], measures: {orders: count(*), quantity: sum(quantity)}}
    write: {to: '${out}/by_day/', partition_by: created_at}
";

/// The datasets that the pipeline writes.
const DATASETS: [&str; 2] = ["all_orders", "by_day"];

/// What is published of a run's input: days from 1 to 3 of March 2024, as the generator of orders makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Days 1 and 2.
    First,
    /// Days 2 and 3: one is replaced, one is new, one stays.
    Second,
}

/// Where a pipeline publishes to, and who reads it.
pub struct Lake<'s> {
    server: &'s Server,
    binary: &'static str,
    file: String,
    out: String,
    _folder: TempDir,
}

impl<'s> Lake<'s> {
    /// The folder `out` of the bucket, for runs of `binary`. The input is below `raw`, where [`Server::upload`]
    /// has brought it.
    pub fn new(server: &'s Server, binary: &'static str, out: &str) -> Self {
        let folder = folder();
        let file = pipeline(folder.path(), PIPELINE);
        Self { server, binary, file, out: out.to_owned(), _folder: folder }
    }

    /// The command that runs the pipeline, through `proxy` if there is one.
    pub fn command(&self, edition: Edition, proxy: Option<&Proxy>) -> Command {
        let (number, from, to) = match edition {
            Edition::First => (1, "2024-03-01", "2024-03-02"),
            Edition::Second => (2, "2024-03-02", "2024-03-03"),
        };
        let vars = [format!("edition={number}"), format!("from={from}"), format!("to={to}")];
        let mut args = vec!["run", &self.file, "--run-time", "2024-03-04T06:00:00Z", "--format", "json"];
        args.extend(vars.iter().flat_map(|var| ["--var", var]));
        self.of(&args, proxy)
    }

    /// The command that recovers the pipeline's runs, through `proxy` if there is one.
    pub fn recovery(&self, proxy: Option<&Proxy>) -> Command {
        self.of(&["recover", &self.file, "--format", "json"], proxy)
    }

    fn of(&self, args: &[&str], proxy: Option<&Proxy>) -> Command {
        let reached = match proxy {
            Some(proxy) => self.server.behind(proxy),
            None => self.server.environment(),
        };
        let mut command = command(self.binary, args, &[]);
        command
            .envs(reached)
            .env("LOCKGATE_OUT", self.server.address(&self.out))
            .env("LOCKGATE_RAW", self.server.address("raw"));
        command
    }

    /// Runs the pipeline to its end.
    pub fn run(&self, edition: Edition, proxy: Option<&Proxy>) -> Ran {
        finish(&mut self.command(edition, proxy))
    }

    /// Publishes both editions, and gives what is there after each.
    pub fn publish(&self) -> [Look; 2] {
        [Edition::First, Edition::Second].map(|edition| {
            let _ = self.run(edition, None).expect(0);
            self.look()
        })
    }

    /// Recovers the pipeline's runs.
    pub fn recover(&self, proxy: Option<&Proxy>) -> Ran {
        finish(&mut self.recovery(proxy))
    }

    /// What is there, for a reader who knows nothing of Lockgate.
    pub fn look(&self) -> Look {
        let place = format!("lake/{}", self.out);
        let mut args = vec!["look", self.server.kind(), self.server.endpoint(), &place];
        args.extend(DATASETS);
        let said = oracle("stores.py", &args);
        Look::of(&serde_json::from_str(&said).unwrap_or_else(|error| panic!("not JSON ({error}): {said}")))
    }

    /// Removes every object below `path` of the folder, past Lockgate.
    pub fn remove(&self, path: &str) {
        let place = format!("lake/{}/{path}", self.out);
        oracle("stores.py", &["remove", self.server.kind(), self.server.endpoint(), &place]);
    }
}

/// The output of `command`, which is waited for.
pub fn finish(command: &mut Command) -> Ran {
    command.output().expect("the binary can be started").into()
}

/// A dataset as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether it says so, by `_SUCCESS`.
    pub whole: bool,
    /// Digests of the bytes of its files, by their folder. All of them are Parquet that can be read.
    pub folders: BTreeMap<String, Vec<String>>,
}

/// What a reader finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Every dataset.
    pub datasets: BTreeMap<String, Reading>,
    /// Paths of all other objects.
    pub other: Vec<String>,
    /// Multipart uploads that are not completed, each as its path and its id.
    pub uploads: Vec<(String, String)>,
    /// Files that the newest run record names and that are gone.
    pub gone: Vec<String>,
}

impl Look {
    fn of(told: &Value) -> Self {
        let texts = |list: &Value| -> Vec<String> {
            let items = list.as_array().into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let reading = |dataset: &Value| {
            let folders = dataset["folders"].as_object().into_iter().flatten();
            Reading {
                whole: dataset["whole"] == true,
                folders: folders.map(|(folder, digests)| (folder.clone(), texts(digests))).collect(),
            }
        };
        let datasets = told["datasets"].as_object().into_iter().flatten();
        let uploads = told["uploads"].as_array().into_iter().flatten();
        Self {
            datasets: datasets.map(|(name, dataset)| (name.clone(), reading(dataset))).collect(),
            other: texts(&told["other"]),
            gone: texts(&told["gone"]),
            uploads: uploads
                .map(|pair| {
                    let pair = texts(pair);
                    (pair[0].clone(), pair[1].clone())
                })
                .collect(),
        }
    }

    /// Objects that only a run in flight needs: everything that is neither data, record, state, nor the decision
    /// that a run was undone.
    pub fn left_over(&self) -> Vec<&String> {
        let is_kept = |path: &String| {
            path.contains("/_lockgate/states/")
                || path.contains("/_lockgate/runs/")
                    && (path.ends_with("/record.json") || path.ends_with("/journal.json"))
        };
        self.other.iter().filter(|path| !is_kept(path)).collect()
    }

    /// The digests in one folder of one dataset.
    fn digests(&self, dataset: &str, folder: &str) -> &[String] {
        self.datasets.get(dataset).and_then(|reading| reading.folders.get(folder)).map_or(&[], Vec::as_slice)
    }

    /// Fails unless every file is one of those that were validated, `old` or `new`, every partition has all files of
    /// one of the two, each dataset that says it is whole is exactly one of the two, and all files are there that the
    /// newest run record names.
    ///
    /// While a commit completes its files one by one, new files may be beside the old ones they replace: then the
    /// dataset does not say that it is whole.
    pub fn is_old_or_new(&self, old: &Self, new: &Self, when: &str) {
        assert_eq!(self.gone, Vec::<String>::new(), "the newest run record names what is gone {when}");
        for (name, reading) in &self.datasets {
            for (folder, digests) in &reading.folders {
                let known = [old.digests(name, folder), new.digests(name, folder)].concat();
                assert!(
                    digests.iter().all(|digest| known.contains(digest)),
                    "{name}/{folder} was never validated {when}"
                );
            }
            let folders: BTreeSet<&String> =
                [old, new].into_iter().flat_map(|look| look.datasets[name].folders.keys()).collect();
            for folder in folders {
                let there = reading.folders.get(folder).map_or(&[][..], Vec::as_slice);
                let has =
                    |look: &Self| look.digests(name, folder).iter().all(|digest| there.contains(digest));
                assert!(
                    has(old) || has(new),
                    "{name}/{folder} has neither all of the old nor of the new {when}"
                );
            }
            let whole = [old, new].map(|look| look.datasets.get(name).is_some_and(|known| known == reading));
            assert!(!reading.whole || whole.contains(&true), "{name} says it is whole {when}: {reading:?}");
        }
    }
}
