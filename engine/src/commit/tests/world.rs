//! A small world to run commits in: a store, a dataset, and a reader who looks at it all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use serde_json::json;

use super::super::*;
use crate::error::Result;
use crate::store::{Dataset, Hook, Io, Op, Settings, Stores};

/// Files by path with their content.
pub(super) type Files = BTreeMap<String, String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Disk,
    Memory,
}

/// What a run writes: content by partition.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) run_id: String,
    pub(super) mode: WriteMode,
    /// Partition folder and number of files in it.
    pub(super) partitions: Vec<(String, usize)>,
    /// A partition whose files are moved on.
    pub(super) taken: Option<String>,
    pub(super) ruling: Gate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    Closed,
    Abandoned,
}

impl Job {
    pub(super) fn new(run_id: &str, mode: WriteMode, partitions: &[(&str, usize)]) -> Self {
        let partitions = partitions.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        Self { run_id: run_id.to_owned(), mode, partitions, taken: None, ruling: Gate::Open }
    }

    pub(super) fn files(&self) -> Files {
        let mut files = Files::new();
        for (partition, n) in &self.partitions {
            for i in 0..*n {
                let path = format!("{partition}/{i}-{}.parquet", self.run_id);
                files.insert(path.clone(), format!("content of {path}"));
            }
        }
        files
    }

    /// What is visible once this has run over `old`.
    pub(super) fn applied_to(&self, old: &Files) -> Files {
        let mut new = old.clone();
        if self.ruling != Gate::Open {
            return new;
        }
        if self.mode == WriteMode::Replace {
            let written: BTreeSet<_> = self.partitions.iter().map(|(name, _)| name.as_str()).collect();
            new.retain(|path, _| !written.contains(path.split('/').next().unwrap()));
        }
        new.retain(|path, _| path.split('/').next() != self.taken.as_deref());
        new.extend(self.files());
        new
    }
}

pub(super) struct World {
    pub(super) stores: Stores,
    base: String,
    folder: Option<tempfile::TempDir>,
    /// How old the heartbeat of a run is that another takes for dead.
    lease: Duration,
}

impl World {
    pub(super) fn new(kind: Kind, io: &Io) -> Self {
        let folder = (kind == Kind::Disk).then(|| tempfile::tempdir().unwrap());
        let base = folder.as_ref().map_or("memory://b/lake".into(), |f| f.path().display().to_string());
        let stores = Stores::new(Settings::new("/", []), io.clone());
        Self { stores, base, folder, lease: Duration::from_mins(10) }
    }

    /// The same world, in which every run takes all others for dead.
    pub(super) fn without_patience(self) -> Self {
        Self { lease: Duration::ZERO, ..self }
    }

    pub(super) fn dataset(&self, stores: &Stores) -> Dataset {
        Dataset::new(stores.open(&format!("{}/orders", self.base)).unwrap()).unwrap()
    }

    pub(super) fn home(&self, stores: &Stores) -> Home {
        Home::new(self.dataset(stores).state().clone())
    }

    pub(super) fn request(&self, stores: &Stores, run_id: &str, machine: &str) -> Request {
        Request {
            home: self.home(stores),
            pipeline: "orders".into(),
            run_id: run_id.to_owned(),
            datasets: vec![self.dataset(stores)],
            holder: holder(machine),
            patience: Patience { lease: self.lease, heartbeat: Duration::from_mins(10) },
            now: chrono::DateTime::UNIX_EPOCH,
            engine: "test".into(),
        }
    }

    /// Runs `job` through `stores`, which may fail at any call.
    pub(super) fn run(&self, stores: &Stores, job: &Job) -> Result<()> {
        let io = stores.io().clone();
        let begun = io.block_on(Session::begin(stores, self.request(stores, &job.run_id, "a")))?;
        let Begun::Started(session) = begun else { return Ok(()) };
        let dataset = self.dataset(stores);
        let taken = match &job.taken {
            Some(partition) => io.block_on(files_in(&dataset, partition))?,
            None => Vec::new(),
        };
        let mut staged = Vec::new();
        for (partition, _) in &job.partitions {
            io.block_on(session.claim(&dataset, partition, job.mode))?;
        }
        for (path, content) in job.files() {
            let mut upload = session.staging().upload(&dataset, &path)?;
            upload.write(Bytes::from(content))?;
            staged.push(upload.finish()?.wait()?);
        }
        let mut dropped = session.staging().upload(&dataset, "dropped")?;
        dropped.write(Bytes::from(vec![0; 9 << 20]))?;
        drop(dropped);
        let record = |status: &str| {
            json!({"run_id": job.run_id, "pipeline": "orders", "status": status,
                "inputs": [{"source": "s", "files": [{"path": job.run_id, "bytes": 1}]}]})
        };
        io.block_on(async {
            match job.ruling {
                Gate::Open => {
                    let partitions = job.partitions.iter().map(|(name, _)| name.clone()).collect();
                    let output = Output { dataset, mode: job.mode, partitions, files: staged, taken };
                    session.publish(vec![output], record("published"), vec![state(&job.run_id)]).await
                }
                Gate::Closed => session.withhold(vec!["a check".into()], record("closed")).await,
                Gate::Abandoned => session.abandon(Some(record("failed"))).await,
            }
        })
    }

    /// Recovers as another machine that knows that all other runs are dead.
    pub(super) fn recover(&self, stores: &Stores) -> Result<Vec<Recovered>> {
        let me = holder("b");
        stores.io().block_on(recover(stores, &self.home(stores), &me, Duration::ZERO, "test"))
    }

    /// What a reader sees: every file, and whether the dataset says that it is whole.
    pub(super) fn visible(&self) -> (Files, bool) {
        let mut files = self.everything();
        files.retain(|path, _| path.starts_with("orders/"));
        let whole = files.remove("orders/_SUCCESS").is_some();
        (
            files.into_iter().map(|(path, content)| (path["orders/".len()..].to_owned(), content)).collect(),
            whole,
        )
    }

    /// Every file there is, seen past the engine.
    pub(super) fn everything(&self) -> Files {
        let mut files = Files::new();
        if let Some(folder) = &self.folder {
            walk(folder.path(), folder.path(), &mut files);
        } else {
            let root = self.stores.open(&self.base).unwrap();
            let look = async {
                for entry in root.list().await.unwrap() {
                    let path = entry.location.relative_to(&root).unwrap().to_owned();
                    // None if it was deleted meanwhile.
                    if let Some((bytes, _)) = entry.location.get_if_exists().await.unwrap() {
                        files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
                    }
                }
            };
            // Memory never makes one wait.
            look.now_or_never().unwrap();
        }
        files
    }

    /// The runs that were published, by their records.
    fn published(everything: &Files) -> Vec<String> {
        let run = |(path, content): (&String, &String)| {
            let run = path.strip_prefix("_lockgate/runs/orders/")?.split('/').next()?;
            (path.ends_with("/record.json") && content.contains("\"published\"")).then(|| run.to_owned())
        };
        everything.iter().filter_map(run).collect()
    }

    /// Whether there is a record that the run was published.
    pub(super) fn is_recorded(&self, run_id: &str) -> bool {
        Self::published(&self.everything()).iter().any(|run| run == run_id)
    }

    /// Files that no run in flight needs and nobody wants to keep, folders without any, and states that should be
    /// there.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let states: BTreeSet<String> = Self::published(&self.everything())
            .iter()
            .map(|run| format!("_lockgate/states/orders/orders/{run}.json"))
            .collect();
        let keep = |path: &str| {
            path.starts_with("orders/")
                || states.contains(path)
                || path.starts_with("_lockgate/runs/")
                    && (path.ends_with("/record.json") || path.ends_with("/journal.json"))
        };
        let everything = self.everything();
        let mut left: Vec<_> = everything.keys().filter(|path| !keep(path)).cloned().collect();
        left.extend(
            states.iter().filter(|path| !everything.contains_key(*path)).map(|path| format!("no {path}")),
        );
        if let Some(folder) = &self.folder {
            let state = folder.path().join("_lockgate");
            let names = std::fs::read_dir(state).into_iter().flatten().map(|e| e.unwrap().file_name());
            left.extend(
                names.map(|n| n.to_string_lossy().into_owned()).filter(|n| n != "runs" && n != "states"),
            );
            without_files(folder.path(), folder.path(), &mut left);
        }
        left
    }
}

/// The files of a partition, as they are.
pub(super) async fn files_in(dataset: &Dataset, partition: &str) -> Result<Vec<Replaced>> {
    let found = dataset.folder().join(partition)?.list().await?;
    let file = |entry: &crate::store::Entry| Replaced {
        path: entry.location.relative_to(dataset.folder()).unwrap().to_owned(),
        size: entry.size,
        etag: entry.etag.clone(),
    };
    Ok(found.iter().map(file).collect())
}

fn walk(root: &Path, at: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(at).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(root, &path, files);
        } else if let Ok(content) = std::fs::read(&path) {
            let relative = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(relative, String::from_utf8_lossy(&content).into_owned());
        }
    }
}

fn without_files(root: &Path, at: &Path, found: &mut Vec<String>) {
    let entries: Vec<_> = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
    if entries.is_empty() && at != root {
        found.push(at.strip_prefix(root).unwrap().to_string_lossy().into_owned());
    }
    for folder in entries.iter().filter(|path| path.is_dir()) {
        without_files(root, folder, found);
    }
}

/// The state that a run keeps of what it publishes.
fn state(run_id: &str) -> State {
    State { of: "orders".into(), name: format!("{run_id}.json"), content: json!({"run": run_id}) }
}

pub(super) fn holder(machine: &str) -> Holder {
    Holder { host: machine.into(), pid: 1, machine: String::new(), began: 0 }
}

/// Kills the process at a call: that one fails, before or after it is done, and so does every later one.
pub(super) struct Killer {
    at: usize,
    after: bool,
    calls: AtomicUsize,
    armed: AtomicBool,
    dead: AtomicBool,
    /// Looks at the world after every call.
    look: Box<dyn Fn() + Send + Sync>,
    /// Paths of uploads that were begun, and whether they were ended.
    uploads: Mutex<BTreeMap<String, bool>>,
    /// Uploads that were begun and are in no list that was stored.
    unlisted: Mutex<BTreeSet<String>>,
    /// What the lists that are being stored hold, by their path.
    listing: Mutex<BTreeMap<String, BTreeSet<String>>>,
    /// Whether an upload was unlisted at the moment of death, or begun after it.
    lost: AtomicBool,
    killed_at: Mutex<Option<Op>>,
}

impl Killer {
    pub(super) fn new(at: usize, after: bool, look: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            at,
            after,
            calls: AtomicUsize::new(0),
            armed: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            look: Box::new(look),
            uploads: Mutex::default(),
            unlisted: Mutex::default(),
            listing: Mutex::default(),
            lost: AtomicBool::new(false),
            killed_at: Mutex::default(),
        })
    }

    pub(super) fn has_killed(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// The paths of uploads that were begun, here or in `earlier`, and not ended.
    pub(super) fn open_uploads(&self, earlier: &Self) -> Vec<String> {
        let mut uploads = earlier.uploads.lock().unwrap().clone();
        uploads.extend(self.uploads.lock().unwrap().clone());
        uploads.into_iter().filter(|(_, ended)| !ended).map(|(path, _)| path).collect()
    }

    /// Whether it was killed where an upload may have been begun and not yet written down.
    pub(super) fn may_lose_an_upload(&self) -> bool {
        let lossy = [Op::CreateUpload, Op::PutCreate, Op::PutPart];
        let unlisted = self.lost.load(Ordering::SeqCst);
        unlisted || self.killed_at.lock().unwrap().is_some_and(|op| lossy.contains(&op))
    }

    fn die<T>(&self, op: Op) -> object_store::Result<T> {
        self.killed_at.lock().unwrap().get_or_insert(op);
        if !self.has_killed() && !self.unlisted.lock().unwrap().is_empty() {
            self.lost.store(true, Ordering::SeqCst);
        }
        self.dead.store(true, Ordering::SeqCst);
        Err(object_store::Error::Generic { store: "test", source: "killed".into() })
    }
}

impl fmt::Debug for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killer at {}", self.at)
    }
}

impl Hook for Killer {
    fn before(&self, op: Op, path: &str) -> object_store::Result<()> {
        if op == Op::PutCreate && path.contains("/uploads-") {
            let unlisted = self.unlisted.lock().unwrap().clone();
            self.listing.lock().unwrap().insert(path.to_owned(), unlisted);
        }
        if self.has_killed() {
            return self.die(op);
        }
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            if !self.after {
                return self.die(op);
            }
            self.armed.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn after(&self, op: Op, path: &str) -> object_store::Result<()> {
        if matches!(op, Op::CreateUpload | Op::CompleteUpload | Op::AbortUpload) {
            let ended = op != Op::CreateUpload;
            self.uploads.lock().unwrap().insert(path.to_owned(), ended);
        }
        if op == Op::CreateUpload {
            self.unlisted.lock().unwrap().insert(path.to_owned());
            self.lost.fetch_or(self.has_killed(), Ordering::SeqCst);
        }
        if let Some(listed) = self.listing.lock().unwrap().remove(path) {
            self.unlisted.lock().unwrap().retain(|upload| !listed.contains(upload));
        }
        (self.look)();
        if self.armed.load(Ordering::SeqCst) || self.has_killed() {
            return self.die(op);
        }
        Ok(())
    }
}
