//! Stores that fail in passing, lose replies, damage bytes, or are gone: what is published is right, or nothing is.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use lockgate_fixtures::Orders;
use lockgate_tests::{
    Azurite, Edition, End, FakeGcs, Fault, Lake, Look, Plan, Proxy, Ran, Rule, Seaweed, Server, finish,
    folder, oracle, tally,
};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

fn orders(folder: &Path) {
    let orders = Orders { partitions: 3, ..Orders::clean(600, 5) };
    orders.write(folder).expect("a fresh folder");
}

/// A server with the orders in its bucket, and what comes of both editions undisturbed.
struct Setting {
    server: Server,
    old: Look,
    new: Look,
}

impl Setting {
    fn of(server: Server) -> Self {
        let raw = folder();
        orders(raw.path());
        server.upload(&raw.path().display().to_string(), "raw");
        let [old, new] = Lake::new(&server, LOCKGATE, "undisturbed").publish();
        Self { server, old, new }
    }

    /// S3, shared by the tests that run at the same time.
    fn s3() -> Arc<Self> {
        static SHARED: Mutex<Weak<Setting>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let setting = Arc::new(Self::of(Seaweed::start()));
            *shared = Arc::downgrade(&setting);
            setting
        })
    }

    /// A lake in the folder `out`, with the first edition in it.
    fn lake(&self, out: &str) -> Lake<'_> {
        let lake = Lake::new(&self.server, LOCKGATE, out);
        let _ = lake.run(Edition::First, None).expect(0);
        lake
    }

    fn proxy(&self) -> Proxy {
        Proxy::start(self.server.host(), Plan::none())
    }
}

fn status(code: u16, retry_after: Option<u32>) -> Fault {
    Fault::Status { code, retry_after }
}

/// Makes a client give up on a reply after a second.
fn hurried(mut command: Command) -> Command {
    command.env("AWS_READ_TIMEOUT", "1s");
    command
}

/// Fails unless `ran` ended with `code`; tells what the proxy saw.
fn ended(ran: &Ran, code: i32, proxy: &Proxy, when: &str) {
    assert_eq!(ran.code, code, "{when}:\n{}\n{}", ran.said(), proxy.told());
}

/// Fails if there is anything that only a run in flight needs. An upload may be left whose id its run never
/// learned, or had not yet written down: then nothing was sent to it.
fn nothing_is_left(look: &Look, proxy: &Proxy, when: &str) {
    assert_eq!(look.left_over(), Vec::<&String>::new(), "{when}:\n{}", proxy.told());
    let sent = |id: &str| {
        proxy.seen().iter().any(|seen| seen.target.contains("partNumber=") && seen.target.contains(id))
    };
    let known: Vec<_> = look.uploads.iter().filter(|(_, id)| sent(id)).collect();
    assert!(known.is_empty(), "{known:?} {when}:\n{}", proxy.told());
}

/// Publishes the second edition while a fifth of all requests fail.
fn passing(setting: &Setting, faults: &[Fault]) {
    let proxy = setting.proxy();
    for (n, fault) in faults.iter().enumerate() {
        let lake = setting.lake(&format!("passing-{n}"));
        let when = format!("while some requests meet {fault:?}");
        proxy.plan(Rule::new(*fault).share(0.2, n as u64));
        let ran = finish(&mut hurried(lake.command(Edition::Second, Some(&proxy))));
        ended(&ran, 0, &proxy, &when);
        let record = ran.json();
        let failed = record["resources"]["requests"]["failed"].as_object().map_or(0, serde_json::Map::len);
        // What comes slowly comes; what breaks off in the middle may be read on without anybody noticing.
        assert!(failed > 0 || matches!(fault, Fault::Slow(_) | Fault::Truncate), "{when}: {record}");
        assert!(proxy.faults() > 5, "{when}:\n{}", proxy.told());
        tally("requests that failed in passing", proxy.faults());
        let look = lake.look();
        assert_eq!(look.datasets, setting.new.datasets, "{when}");
        nothing_is_left(&look, &proxy, &when);
    }
}

const BRIEF: Duration = Duration::from_millis(160);

#[test]
fn faults_of_s3_that_pass_change_nothing() {
    let refusals = [status(429, None), status(500, None), status(503, None), status(503, Some(1))];
    let broken = [
        Fault::HangUp(End::Close),
        Fault::HangUp(End::Reset),
        Fault::LoseReply(End::Close),
        Fault::LoseReply(End::Reset),
        Fault::Truncate,
        Fault::Slow(BRIEF),
        Fault::Stall,
    ];
    passing(&Setting::s3(), &[&refusals[..], &broken].concat());
}

#[test]
fn faults_of_google_that_pass_change_nothing() {
    passing(
        &Setting::of(FakeGcs::start()),
        &[status(503, None), Fault::LoseReply(End::Reset), Fault::Truncate],
    );
}

#[test]
fn faults_of_azure_that_pass_change_nothing() {
    passing(
        &Setting::of(Azurite::start()),
        &[status(503, None), Fault::LoseReply(End::Reset), Fault::Truncate],
    );
}

/// Every request that changes something, by its method and a part of its path and query.
const CHANGES: [(&str, &str); 12] = [
    ("PUT", "/_lockgate/open/"),
    ("PUT", "/_lockgate/claims/"),
    ("POST", "?uploads"),
    ("PUT", "/uploads-"),
    ("PUT", "partNumber="),
    ("PUT", "/journal.json"),
    ("PUT", "/_lockgate/publishing/"),
    ("POST", "?delete"),
    ("POST", "uploadId="),
    ("PUT", "/_lockgate/states/"),
    ("PUT", "/record.json"),
    ("PUT", "/_SUCCESS"),
];

#[test]
fn a_change_whose_reply_is_lost_is_made_once() {
    let setting = Setting::s3();
    let proxy = setting.proxy();
    for (n, (method, target)) in CHANGES.into_iter().enumerate() {
        for end in [End::Close, End::Reset] {
            let lake = setting.lake(&format!("lost-{n}-{end:?}"));
            let when = format!("when the reply to {method} {target} is lost ({end:?})");
            proxy.plan(Rule::new(Fault::LoseReply(end)).method(method).target(target).first(1));
            ended(&lake.run(Edition::Second, Some(&proxy)), 0, &proxy, &when);
            assert_eq!(proxy.faults(), 1, "{when}:\n{}", proxy.told());
            tally("replies that were lost", 1);
            let look = lake.look();
            assert_eq!(look.datasets, setting.new.datasets, "{when}");
            nothing_is_left(&look, &proxy, &when);
        }
    }
}

#[test]
fn a_change_whose_replies_are_all_lost_ends_truthfully_and_is_repaired() {
    let setting = Setting::s3();
    let (Setting { old, new, .. }, proxy) = (&*setting, setting.proxy());
    for (n, (method, target)) in CHANGES.into_iter().enumerate() {
        let lake = setting.lake(&format!("all-lost-{n}"));
        let when = format!("when all replies to {method} {target} are lost");
        proxy.plan(Rule::new(Fault::LoseReply(End::Reset)).method(method).target(target));
        let ran = finish(lake.command(Edition::Second, Some(&proxy)).env("AWS_MAX_ATTEMPTS", "2"));
        assert!(matches!(ran.code, 0 | 40), "{when}: {}\n{}\n{}", ran.code, ran.said(), proxy.told());
        let look = lake.look();
        look.is_old_or_new(old, new, &when);
        if ran.code == 0 {
            assert_eq!(look.datasets, new.datasets, "{when}");
        }
        let _ = lake.recover(None).expect(0);
        let look = lake.look();
        assert!(look.datasets == old.datasets || look.datasets == new.datasets, "{when}: {look:?}");
        nothing_is_left(&look, &proxy, &when);
        let _ = lake.run(Edition::Second, None).expect(0);
        assert_eq!(lake.look().datasets, new.datasets, "{when}");
    }
}

#[test]
fn the_claim_of_a_run_that_is_gone_is_taken_over_though_the_reply_is_lost() {
    let setting = Setting::s3();
    let (lake, proxy) = (setting.lake("orphan"), setting.proxy());
    // Dies with its claims taken; then the entry goes by which it would be found.
    killed(&lake, &proxy, Rule::new(Fault::Freeze { applied: true }).method("PUT").target("/journal.json"));
    lake.remove("_lockgate/open");
    proxy.plan(Rule::new(Fault::LoseReply(End::Reset)).header("if-match").method("PUT").first(1));
    ended(&lake.run(Edition::Second, Some(&proxy)), 0, &proxy, "when the reply to a takeover is lost");
    assert_eq!(proxy.faults(), 1, "{}", proxy.told());
    assert_eq!(lake.look().datasets, setting.new.datasets);
}

/// Runs the second edition and kills it where `freeze` stops the proxy; false if it ends before that.
fn killed(lake: &Lake<'_>, proxy: &Proxy, freeze: Rule) -> bool {
    proxy.plan(freeze);
    let log = std::fs::File::create("/dev/null").expect("there is a null device");
    let mut child = lake
        .command(Edition::Second, Some(proxy))
        .stdout(log.try_clone().expect("an open file"))
        .stderr(log)
        .spawn()
        .expect("the binary can be started");
    while !proxy.wait_frozen(Duration::from_millis(20)) {
        if let Some(status) = child.try_wait().expect("it is a child") {
            assert_eq!(status.code(), Some(0), "{}", proxy.told());
            return false;
        }
    }
    child.kill().expect("it waits for a reply");
    child.wait().expect("it is a child");
    true
}

/// Kills the second edition at its requests `first`, `first + step`, …, before or after the store has carried
/// out that one, until it ends by itself. Gives how often it was killed.
fn killed_at_requests(setting: &Setting, first: u64, step: usize, applied: bool) -> usize {
    let (Setting { old, new, .. }, proxy) = (setting, setting.proxy());
    for (kills, n) in (first..).step_by(step).enumerate() {
        let lake = setting.lake(&format!("killed-{n}-{applied}"));
        if !killed(&lake, &proxy, Rule::new(Fault::Freeze { applied }).nth(n)) {
            assert_eq!(lake.look().datasets, new.datasets);
            return kills;
        }
        tally("processes killed at a request to a store", 1);
        let when = format!("after death at request {n}, {}", if applied { "applied" } else { "not applied" });
        lake.look().is_old_or_new(old, new, &when);
        // Either way leads out: a recovery, or the same run again.
        if kills % 2 == 0 {
            ended(&lake.recover(None), 0, &proxy, &when);
            let look = lake.look();
            assert!(
                look.datasets == old.datasets || look.datasets == new.datasets,
                "neither old nor new {when}: {look:?}\n{}",
                proxy.told()
            );
            nothing_is_left(&look, &proxy, &when);
        }
        ended(&lake.run(Edition::Second, None), 0, &proxy, &when);
        let look = lake.look();
        assert_eq!(look.datasets, new.datasets, "{when}:\n{}", proxy.told());
        nothing_is_left(&look, &proxy, &when);
    }
    0
}

/// Kills the second edition at every request, or where that would take too long at some of them.
fn kill_everywhere(setting: &Setting, first: u64, step: usize, applied: bool) {
    let (first, step) = if in_full() { (1, 1) } else { (first, step) };
    let kills = killed_at_requests(setting, first, step, applied);
    assert!(kills > 2, "the run ended after {kills} kills");
}

/// Whether everything is tried, which takes minutes.
fn in_full() -> bool {
    std::env::var_os("LOCKGATE_TEST_ALL_FAULTS").is_some()
}

#[test]
fn killed_before_any_request_a_run_leaves_the_old_or_the_new() {
    kill_everywhere(&Setting::s3(), 3, 9, false);
}

#[test]
fn killed_after_any_request_a_run_leaves_the_old_or_the_new() {
    kill_everywhere(&Setting::s3(), 6, 9, true);
}

#[test]
fn killed_at_any_request_to_google_a_run_leaves_the_old_or_the_new() {
    let setting = Setting::of(FakeGcs::start());
    kill_everywhere(&setting, 5, 23, false);
    kill_everywhere(&setting, 16, 23, true);
}

#[test]
fn killed_at_any_request_to_azure_a_run_leaves_the_old_or_the_new() {
    let setting = Setting::of(Azurite::start());
    kill_everywhere(&setting, 4, 14, false);
    kill_everywhere(&setting, 10, 14, true);
}

#[test]
fn a_byte_that_changes_on_the_way_is_never_published() {
    let (server, raw) = (Seaweed::start(), folder());
    orders(raw.path());
    oracle("checksums.py", &[&raw.path().display().to_string()]);
    server.upload(&raw.path().display().to_string(), "raw");
    let [old, new] = Lake::new(&server, LOCKGATE, "undisturbed").publish();
    let setting = Setting { server, old, new };
    let proxy = setting.proxy();
    let mut noticed = 0;
    // The second edition reads four files, first their footers. What those say is believed.
    for nth in 5..=8 {
        for share in [0.05, 0.2, 0.4, 0.6, 0.8, 0.95] {
            let lake = setting.lake(&format!("damaged-{nth}-{share}"));
            let damage = Rule::new(Fault::Corrupt(share)).method("GET").target("/raw_orders/created_at");
            proxy.plan(damage.nth(nth));
            tally("bytes that changed on the way", 1);
            let when = format!("with a byte of reply {nth} changed at {share}");
            let ran = lake.run(Edition::Second, Some(&proxy));
            assert_eq!(proxy.faults(), 1, "{when}:\n{}", proxy.told());
            let look = lake.look();
            if ran.code == 0 {
                // The byte was in the head of a page, and none that matters.
                assert_eq!(look.datasets, setting.new.datasets, "{when}:\n{}", proxy.told());
            } else {
                noticed += 1;
                ended(&ran, 40, &proxy, &when);
                assert!(ran.said().contains("/raw/raw_orders/created_at="), "{when}: {}", ran.said());
                assert!(ran.said().contains("changed on the way"), "{when}: {}", ran.said());
                assert_eq!(look.datasets, setting.old.datasets, "{when}");
                nothing_is_left(&look, &proxy, &when);
            }
        }
    }
    assert!(noticed > 12, "noticed only {noticed} times");
}

/// A run against a store that fails as `reached` says ends with 40, in time, with a word about what to do.
fn is_down(what: &str, command: &mut Command, hint: &str) {
    let since = Instant::now();
    let ran = finish(command.env("LOCKGATE_LOG", "debug"));
    let took = since.elapsed();
    assert_eq!(ran.code, 40, "{what}: {}", ran.said());
    assert!(took < Duration::from_mins(1), "{what}: {took:?}");
    assert!(ran.said().contains(hint), "{what}: {}", ran.said());
    assert!(!ran.said().contains("planted-secret"), "{what}: {}", ran.said());
}

#[test]
fn a_store_that_is_down_ends_a_run_in_time_and_publishes_nothing() {
    let setting = Setting::s3();
    let (Setting { old, new, .. }, proxy) = (&*setting, setting.proxy());
    let lake = setting.lake("down");
    let try_it = |what: &str, plan: Plan, hint: &str| {
        proxy.plan(plan);
        let mut command = hurried(lake.command(Edition::Second, Some(&proxy)));
        is_down(what, command.env("AWS_MAX_ATTEMPTS", "3"), hint);
    };
    try_it("busy", Rule::new(status(503, None)).into(), "run it again later");
    try_it("silent", Rule::new(Fault::Stall).into(), "check the network and the endpoint");
    let mut refused = lake.command(Edition::Second, None);
    let nobody = refused.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    is_down(
        "refused",
        nobody.env("AWS_MAX_ATTEMPTS", "3").env("AWS_SECRET_ACCESS_KEY", "planted-secret/+="),
        "check the network and the endpoint",
    );
    assert_eq!(lake.look().datasets, old.datasets);
    for n in [8, 16, 24, 32, 40] {
        try_it(&format!("from {n}"), Rule::new(status(503, None)).from(n).into(), "run it again later");
        lake.look().is_old_or_new(old, new, &format!("when the store is down from request {n}"));
        let _ = lake.recover(None).expect(0);
        let look = lake.look();
        assert!(look.datasets == old.datasets || look.datasets == new.datasets, "{n}: {look:?}");
        nothing_is_left(&look, &proxy, "when the store is back");
    }
    let _ = lake.run(Edition::Second, None).expect(0);
    assert_eq!(lake.look().datasets, new.datasets);
}
