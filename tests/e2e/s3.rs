//! The same pipeline against a real S3 server.

use lockgate_tests::{Seaweed, files, folder, oracle, repository, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

#[test]
fn flights_on_s3_come_out_with_the_same_bytes_as_on_disk() {
    let server = Seaweed::start();
    let variables = server.environment();
    let mut environment: Vec<(&str, &str)> =
        variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let flights = repository().join("fixtures/flights");
    let file = flights.join("flights.yaml").display().to_string();
    let args = ["run", file.as_str(), "--run-time", "2014-01-15T06:00:00Z", "--format", "json"];

    let local = folder();
    let out = local.path().display().to_string();
    let _ = run(LOCKGATE, &args, &[("LOCKGATE_OUT", out.as_str())]).expect(0);
    assert!(!files(local.path()).is_empty());

    // Raw data on S3, outputs on S3.
    let raw = flights.display().to_string();
    oracle("s3.py", &["upload", &server.endpoint(), &raw, "lake/raw"]);
    let pipeline = folder();
    let text = std::fs::read_to_string(&file).expect("the demonstration pipeline");
    let remote = text
        .replace("read: raw_flights/", "read: s3://lake/raw/raw_flights/")
        .replace("read: airlines.parquet", "read: s3://lake/raw/airlines.parquet")
        .replace("read: airports.parquet", "read: s3://lake/raw/airports.parquet")
        .replace("read: planes.parquet", "read: s3://lake/raw/planes.parquet")
        .replace("read: weather.parquet", "read: s3://lake/raw/weather.parquet");
    let remote = lockgate_tests::pipeline(pipeline.path(), &remote);
    environment.push(("LOCKGATE_OUT", "s3://lake/out"));
    let args = ["run", remote.as_str(), "--run-time", "2014-01-15T06:00:00Z", "--format", "json"];
    let record = run(LOCKGATE, &args, &environment).expect(0).json();
    assert_eq!(record["status"], "published_with_alerts");
    oracle("s3.py", &["compare", &server.endpoint(), &out, "lake/out"]);

    let again = run(LOCKGATE, &args, &environment).expect(0).json();
    assert_eq!(again["already_published"], true);

    let wrong = [("AWS_SECRET_ACCESS_KEY", "not-the-secret")];
    let environment: Vec<(&str, &str)> =
        environment.into_iter().filter(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY").chain(wrong).collect();
    let ran = run(LOCKGATE, &args, &environment).expect(30);
    assert!(!ran.said().contains("not-the-secret"), "{}", ran.said());
}
