//! The same pipelines against real object stores: S3, Google Cloud Storage and Azure.

use std::process::Stdio;

use lockgate_fixtures::Orders;
use lockgate_tests::{
    Azurite, FakeGcs, Ran, Seaweed, Server, TempDir, command, files, folder, repository, run,
};
use serde_json::Value;

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// A pipeline file whose sources are below `raw` in the bucket, and what is set for a run of it.
struct Remote<'s> {
    server: &'s Server,
    file: String,
    _folder: TempDir,
}

impl<'s> Remote<'s> {
    fn new(server: &'s Server, text: &str) -> Self {
        let folder = folder();
        let text = text.replace("read: ", &format!("read: {}", server.address("raw/")));
        let file = lockgate_tests::pipeline(folder.path(), &text);
        Self { server, file, _folder: folder }
    }

    fn environment(&self, changed: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut environment = self.server.environment();
        environment.push(("LOCKGATE_OUT".to_owned(), self.server.address("out")));
        for (name, value) in changed {
            environment.retain(|(known, _)| known != name);
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        environment
    }

    fn run(&self, verb: &str, more: &[&str], changed: &[(&str, &str)]) -> Ran {
        let environment = self.environment(changed);
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let args: Vec<&str> = [verb, &self.file].into_iter().chain(more.iter().copied()).collect();
        run(LOCKGATE, &args, &environment)
    }
}

const RUN: [&str; 4] = ["--run-time", "2014-01-15T06:00:00Z", "--format", "json"];

/// Runs the flights pipeline on disk and on the store, with what a second run and a wrong secret do.
fn flights_come_out_the_same(server: &Server, secret: (&str, &str)) {
    let flights = repository().join("fixtures/flights");
    let file = flights.join("flights.yaml");
    let (local, path) = (folder(), file.display().to_string());
    let out = local.path().display().to_string();
    let args: Vec<&str> = ["run", &path].into_iter().chain(RUN).collect();
    let _ = run(LOCKGATE, &args, &[("LOCKGATE_OUT", &out)]).expect(0);
    assert!(!files(local.path()).is_empty());

    server.upload(&flights.display().to_string(), "raw");
    let text = std::fs::read_to_string(&file).expect("the demonstration pipeline");
    let remote = Remote::new(server, &text);
    let record = remote.run("run", &RUN, &[]).expect(0).json();
    assert_eq!(record["status"], "published_with_alerts");
    server.compare(&out, "out");

    let again = remote.run("run", &RUN, &[]).expect(0).json();
    assert_eq!(again["already_published"], true);

    if !secret.0.is_empty() {
        let ran = remote.run("run", &RUN, &[secret]).expect(30);
        assert!(!ran.said().contains(secret.1), "{}", ran.said());
        assert!(ran.said().contains("credentials were rejected"), "{}", ran.said());
    }
}

const ORDERS: &str = "pipeline: orders
vars: {out: ${LOCKGATE_OUT}, least: 0}
sources:
  orders:
    read: raw_orders/
tables:
  all_orders:
    from: orders
    steps:
      - filter: order_id > ${least}
      - drop: created_at
    checks:
      - row_count: {min: 1}
    write: {to: '${out}/all_orders/', row_group_rows: 50000}
";

/// A file of several parts comes out whole; one that the gate holds back, and what a killed run leaves,
/// never does; of two runs at once one wins.
fn large_files_come_out_whole_or_not_at_all(server: &Server) {
    let data = folder();
    Orders { partitions: 2, ..Orders::clean(700_000, 5) }.write(data.path()).expect("a fresh folder");
    server.upload(&data.path().display().to_string(), "raw");

    let out = data.path().join("out").display().to_string();
    let local = lockgate_tests::pipeline(data.path(), ORDERS);
    let args: Vec<&str> = ["run", &local].into_iter().chain(RUN).collect();
    let record = run(LOCKGATE, &args, &[("LOCKGATE_OUT", &out)]).expect(0).json();
    let size = record["tables"][0]["output"]["files"][0]["bytes"].as_u64().expect("a size");
    assert!(size > 16 << 20, "{size} bytes are not three parts");

    let closed = Remote::new(server, &ORDERS.replace("row_count: {min: 1}", "row_count: {max: 1}"));
    let _ = closed.run("run", &RUN, &[]).expect(20);
    assert_eq!(server.list("out/all_orders"), Vec::<String>::new());

    let remote = Remote::new(server, ORDERS);
    killed_while_it_uploads(&remote);
    assert_eq!(server.list("out/all_orders"), Vec::<String>::new());
    let _ = remote.run("recover", &[], &[]).expect(0);
    for left in ["out/all_orders", "out/_lockgate/open", "out/_lockgate/claims"] {
        assert_eq!(server.list(left), Vec::<String>::new());
    }

    let _ = remote.run("run", &RUN, &[]).expect(0);
    server.compare(&out, "out");
    one_of_two_wins(&remote);
}

/// Starts a run, and kills it once it has begun to upload.
fn killed_while_it_uploads(remote: &Remote<'_>) {
    let environment = remote.environment(&[]);
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let args: Vec<&str> = ["run", &remote.file].into_iter().chain(RUN).collect();
    let begun = remote.server.watch("out/_lockgate", "uploads-1.json");
    let mut child = command(LOCKGATE, &args, &environment)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    begun.wait();
    child.kill().expect("it runs");
    assert_eq!(child.wait().expect("it is a child").code(), None, "it ended before it could be killed");
}

/// Two runs that write the same partition: whoever loses says that it may be tried again.
fn one_of_two_wins(remote: &Remote<'_>) {
    let ran: Vec<Ran> = std::thread::scope(|scope| {
        let started = ["10", "20"].map(|least| {
            scope.spawn(move || {
                let var = format!("least={least}");
                let more: Vec<&str> = RUN.into_iter().chain(["--var", &var]).collect();
                remote.run("run", &more, &[])
            })
        });
        started.into_iter().map(|run| run.join().expect("the run was started")).collect()
    });
    let won: Vec<Value> = ran.iter().filter(|ran| ran.code == 0).map(Ran::json).collect();
    assert!(!won.is_empty(), "{ran:?}");
    assert!(ran.iter().all(|ran| matches!(ran.code, 0 | 40)), "{ran:?}");
    let files = remote.server.list("out/all_orders");
    let data: Vec<&String> = files.iter().filter(|name| name.ends_with(".parquet")).collect();
    let written = |record: &Value| {
        let path = record["tables"][0]["output"]["files"][0]["path"].as_str().map(str::to_owned);
        path.expect("a record names what was written")
    };
    assert!(won.iter().map(written).any(|path| data.iter().all(|name| name.ends_with(&path))), "{data:?}");
    assert_eq!(data.len(), 1, "{data:?}");
}

#[test]
fn flights_on_s3_come_out_with_the_same_bytes_as_on_disk() {
    flights_come_out_the_same(&Seaweed::start(), ("AWS_SECRET_ACCESS_KEY", "not-the-secret"));
}

#[test]
fn flights_on_google_come_out_with_the_same_bytes_as_on_disk() {
    // The fake asks for no credentials.
    flights_come_out_the_same(&FakeGcs::start(), ("", ""));
}

#[test]
fn flights_on_azure_come_out_with_the_same_bytes_as_on_disk() {
    flights_come_out_the_same(&Azurite::start(), ("AZURE_STORAGE_ACCOUNT_KEY", "bm90LXRoZS1zZWNyZXQ="));
}

#[test]
fn large_files_on_s3_come_out_whole_or_not_at_all() {
    large_files_come_out_whole_or_not_at_all(&Seaweed::start());
}

#[test]
fn large_files_on_google_come_out_whole_or_not_at_all() {
    large_files_come_out_whole_or_not_at_all(&FakeGcs::start());
}

#[test]
fn large_files_on_azure_come_out_whole_or_not_at_all() {
    large_files_come_out_whole_or_not_at_all(&Azurite::start());
}

#[test]
fn a_bucket_or_a_folder_that_is_not_there_is_named() {
    for server in [Seaweed::start(), FakeGcs::start(), Azurite::start()] {
        let kind = server.kind();
        let text = ORDERS.replace("raw_orders/", "nothing/");
        let ran = Remote::new(&server, &text).run("run", &RUN, &[]).expect(30);
        assert!(ran.said().contains("has no parquet files"), "{kind}: {}", ran.said());
        let elsewhere = format!("{kind}://absent/out");
        server.upload(
            &repository().join("fixtures/flights/raw_flights").display().to_string(),
            "raw/raw_orders",
        );
        let text = ORDERS.replace("order_id", "flight");
        let changed = [("LOCKGATE_OUT", elsewhere.as_str())];
        let ran = Remote::new(&server, &text).run("run", &RUN, &changed).expect(30);
        assert!(ran.said().contains("the bucket does not exist"), "{kind}: {}", ran.said());
    }
}
