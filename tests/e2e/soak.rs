//! Run after run into one lake, on data and with faults of chance: whatever fails, every planted defect is found,
//! every row is accounted for, the bytes are those of an undisturbed run, and nothing grows.
//!
//! `LOCKGATE_SOAK_RUNS=500` says how often; without it a few runs have to do.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lockgate_fixtures::Orders;
use lockgate_tests::{
    DIRTY, End, Fault, Ledger, Plan, Proxy, Ran, Rule, Seaweed, Server, TempDir, command, finish, folder,
    pipeline, tally,
};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// Runs where nobody asked for more.
const FEW: u64 = 6;

/// Attempts at a run until its store has to let it through.
const ATTEMPTS: u64 = 3;

/// Numbers that follow from a seed alone (Steele, Lea & Flood 2014: `SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn fault(&mut self) -> Fault {
        let status = |code| Fault::Status { code, retry_after: None };
        let end = if self.below(2) == 0 { End::Close } else { End::Reset };
        match self.below(7) {
            0 => status(429),
            1 => status(500),
            2 => status(503),
            3 => Fault::HangUp(end),
            4 => Fault::LoseReply(end),
            5 => Fault::Truncate,
            _ => Fault::Slow(Duration::from_millis(20)),
        }
    }
}

/// What a run met on its way.
#[derive(Default)]
struct Met {
    kills: usize,
    faults: usize,
}

/// A store behind a proxy, and the pipeline that publishes to it.
struct Soak {
    server: Server,
    proxy: Proxy,
    folder: TempDir,
    pipeline: String,
}

impl Soak {
    fn start() -> Self {
        let server = Seaweed::start();
        let proxy = Proxy::start(server.host(), Plan::none());
        let folder = folder();
        let pipeline = pipeline(folder.path(), DIRTY);
        Self { server, proxy, folder, pipeline }
    }

    /// The run on the data below `raw`, published to `out`.
    fn command(&self, raw: &str, out: &str) -> Command {
        let args = ["run", &self.pipeline, "--format", "json", "--run-time", "2024-06-01T06:00:00Z"];
        let mut command = command(LOCKGATE, &args, &[("LOCKGATE_RAW", raw), ("LOCKGATE_OUT", out)]);
        command.envs(self.server.behind(&self.proxy));
        command
    }

    /// Runs until it is through: killed somewhere, or with requests that fail, at last with none. Gives what it
    /// said in the end, and what it met.
    fn through(&self, chance: &mut Chance, number: u64) -> (Ran, Met) {
        let (raw, out) = (self.server.address(&format!("raw-{number}")), self.server.address("out"));
        let mut met = Met::default();
        for attempt in 0..ATTEMPTS {
            if chance.below(3) == 0 {
                let freeze = Rule::new(Fault::Freeze { applied: chance.below(2) == 0 });
                self.proxy.plan(freeze.nth(1 + chance.below(120)));
                met.kills += usize::from(self.is_killed(self.command(&raw, &out)));
                continue;
            }
            if attempt + 1 == ATTEMPTS {
                break;
            }
            let share = chance.below(15) as f64 / 100.0;
            self.proxy.plan(Rule::new(chance.fault()).share(share, number));
            let ran = finish(&mut self.command(&raw, &out));
            assert!(matches!(ran.code, 0 | 40), "run {number}: {}\n{}", ran.said(), self.proxy.told());
            met.faults += self.proxy.faults();
            if ran.code == 0 {
                return (ran, met);
            }
        }
        self.proxy.plan(Plan::none());
        (finish(&mut self.command(&raw, &out)).expect(0), met)
    }

    /// Kills the run where the proxy freezes; false if it ends before that.
    fn is_killed(&self, mut command: Command) -> bool {
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("the binary can be started");
        while !self.proxy.wait_frozen(Duration::from_millis(20)) {
            if let Some(status) = child.try_wait().expect("it is a child") {
                assert_eq!(status.code(), Some(0), "{}", self.proxy.told());
                return false;
            }
        }
        child.kill().expect("it waits for a reply");
        let _ = child.wait().expect("it is a child");
        true
    }

    /// Fails if there is anything that only a run in flight needs.
    fn is_tidy(&self, number: u64) {
        let is_kept = |path: &&String| {
            !path.contains("/_lockgate/")
                || path.contains("/_lockgate/states/")
                || path.ends_with("/record.json")
                || path.ends_with("/journal.json")
        };
        let listed = self.server.list("out");
        let left: Vec<&String> = listed.iter().filter(|path| !is_kept(path)).collect();
        assert!(left.is_empty(), "run {number} left {left:?}\n{}", self.proxy.told());
    }
}

/// The orders of run `number`, in a folder below `folder`.
fn orders(folder: &Path, number: u64, chance: &mut Chance) -> String {
    let raw = folder.join("raw");
    if raw.exists() {
        std::fs::remove_dir_all(&raw).expect("what was written can be removed");
    }
    let orders =
        Orders { files: 1 + chance.below(3) as usize, ..Orders::dirty(500 + chance.below(4_000), number) };
    orders.write(&raw).expect("a fresh folder can be written");
    raw.display().to_string()
}

fn peak(record: &Value) -> f64 {
    record["resources"]["memory_peak_bytes"].as_f64().expect("the binary measures its memory")
}

#[test]
fn run_after_run_every_row_is_accounted_for_whatever_fails() {
    let asked = std::env::var_os("LOCKGATE_SOAK_RUNS");
    let runs = asked.map_or(FEW, |runs| runs.to_string_lossy().parse().expect("a number of runs"));
    assert!(runs > 1, "memory is compared between runs");
    let soak = Soak::start();
    let (mut peaks, mut all) = (Vec::new(), Met::default());
    for number in 0..runs {
        let chance = &mut Chance(number);
        let raw = orders(soak.folder.path(), number, chance);
        let ledger = Ledger::of(Path::new(&raw));
        soak.server.upload(&raw, &format!("raw-{number}"));
        let (ran, met) = soak.through(chance, number);
        all = Met { kills: all.kills + met.kills, faults: all.faults + met.faults };
        let record = ran.json();
        ledger.agrees(&record);
        peaks.push(peak(&record));
        soak.is_tidy(number);

        // Undisturbed, from disk to disk, the same comes out.
        let out = soak.folder.path().join(format!("out-{number}"));
        let undisturbed = finish(&mut soak.command(&raw, &out.display().to_string())).expect(0).json();
        ledger.agrees(&undisturbed);
        ledger.holds(&out.join("clean"));
        soak.server.compare(&out.join("clean").display().to_string(), "out/clean");
        std::fs::remove_dir_all(&out).expect("what was written can be removed");
    }
    tally("runs of the soak", runs as usize);
    tally("processes killed in the soak", all.kills);
    tally("requests that failed in the soak", all.faults);
    let mean = |peaks: &[f64]| peaks.iter().sum::<f64>() / peaks.len() as f64;
    let (early, late) = peaks.split_at(peaks.len() / 2);
    assert!(mean(late) < 1.25 * mean(early), "memory grows: {peaks:?}");
}
