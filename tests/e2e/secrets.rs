//! Planted credentials, looked for in everything that any command says at any level of logging, in plain and in
//! JSON, and in every file that it leaves: where it works, where it is refused, and where the store does not answer.

use std::path::Path;

use lockgate_tests::{TempDir, files, folder, pipeline, run};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// What every planted value holds.
const PLANTED: &str = "planted";

/// Variables that hold credentials, with a store that does not answer.
const ENVIRONMENT: [(&str, &str); 12] = [
    ("AWS_ENDPOINT_URL", "http://planted-user:planted-pass@127.0.0.1:9/?token=planted-query"),
    ("AWS_ALLOW_HTTP", "true"),
    ("AWS_MAX_ATTEMPTS", "1"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAplanted"),
    ("AWS_SECRET_ACCESS_KEY", "planted/secret+key="),
    ("AWS_SESSION_TOKEN", "planted%session%2Ftoken"),
    ("AZURE_STORAGE_ACCOUNT_KEY", "cGxhbnRlZA==planted"),
    ("AZURE_STORAGE_SAS_KEY", "sv=2020&sig=planted-sig"),
    ("GOOGLE_SERVICE_ACCOUNT_KEY", r#"{"private_key":"planted-private","client_email":"a@b"}"#),
    ("PIPELINE_TOKEN", "planted-environment"),
    ("LOCKGATE_OUT", "out"),
];

/// A pipeline whose variables hold secrets, one in the file, one of the environment, one of the command line.
fn text(read: &str, to: &str) -> String {
    format!(
        "pipeline: secrets
vars: {{own_token: planted-file, taken_token: '${{PIPELINE_TOKEN}}', given_password: none}}
sources:
  raw: {{read: '{read}', format: csv}}
tables:
  kept:
    from: raw
    steps:
      - derive: {{word: \"concat(word, '${{own_token}}', '${{taken_token}}', '${{given_password}}')\"}}
      - derive: {{length: length(word)}}
      - drop: word
    checks:
      - between: {{column: length, min: 1, max: 1000}}
      - in_set: {{id: said, column: id, values: ['${{given_password}}', a, b], severity: log, on_row: quarantine}}
      - psi: {{column: length, severity: log, warn: 0.1, fail: 0.2}}
    profile: '*'
    write: {{to: '{to}/kept/'}}
    quarantine: '{to}/apart/'
"
    )
}

/// Fails if a planted value, or one that is written otherwise, is in `text`.
fn is_clean(text: &str, whose: &str) {
    let lower = text.to_lowercase();
    // Encoded in base64, at each of the three places that a byte can be at.
    for planted in [PLANTED, "cgxhbnrlz", "yw50zw", "bgfudgvk"] {
        let found = lower.find(planted).map(|at| &lower[at.saturating_sub(60)..(at + 40).min(lower.len())]);
        assert!(found.is_none(), "{whose} tells a secret: …{}…", found.unwrap_or_default());
    }
}

/// Runs every command on the pipeline `file` and looks at what is said. Each ends as is said beside it, or all with
/// `code`.
fn every_command(folder: &Path, file: &str, dataset: &str, code: Option<i32>) {
    let report = folder.join("report.html").display().to_string();
    let commands: [(&[&str], i32); 17] = [
        (&["check", file], 0),
        (&["plan", file], 0),
        (&["run", file, "--dry-run"], 0),
        (&["validate", file], 0),
        (&["run", file], 0),
        (&["run", file], 0),
        (&["history", file], 0),
        (&["history", file, "--metric", "row_count"], 0),
        (&["drift", file], 0),
        (&["suggest", file], 0),
        (&["report", file, "--out", &report], 0),
        (&["report", file, "--as", "markdown"], 0),
        (&["report", file, "--as", "junit"], 0),
        (&["quarantine", "replay", file], 0),
        (&["recover", file], 0),
        (&["clean", file, "--older-than", "0s"], 0),
        (&["profile", dataset, "--read-as", "csv"], 0),
    ];
    for (command, well) in commands {
        let of_pipeline = command.contains(&file);
        for (level, format) in [("error", "text"), ("trace", "text"), ("trace", "json")] {
            let given = ["--var", "given_password=planted-given"];
            let mut args = command.to_vec();
            args.extend(["--log", level, "--format", format]);
            args.extend(given.iter().filter(|_| of_pipeline));
            let ran = run(LOCKGATE, &args, &ENVIRONMENT).expect(code.unwrap_or(well));
            is_clean(
                &ran.said(),
                &format!("{command:?} at {level} in {format}, which ended with {}", ran.code),
            );
        }
    }
}

/// Looks at the names and bytes of all files that were left, but those that were put there before.
fn nothing_is_told_by_files(folder: &Path) {
    for (name, bytes) in files(folder) {
        if !name.starts_with("raw/") && name != "pipeline.yaml" {
            is_clean(&name, "a name");
            is_clean(&String::from_utf8_lossy(&bytes), &name);
        }
    }
}

fn data() -> TempDir {
    let data = folder();
    std::fs::create_dir(data.path().join("raw")).expect("a fresh folder can be written");
    std::fs::write(data.path().join("raw/rows.csv"), "id,word\na,x\nb,yy\nc,zzz\n")
        .expect("it can be written");
    data
}

#[test]
fn no_command_tells_a_secret_where_all_is_well() {
    let data = data();
    let file = pipeline(data.path(), &text("raw/", "out"));
    every_command(data.path(), &file, &data.path().join("raw").display().to_string(), None);
    nothing_is_told_by_files(data.path());
}

#[test]
fn no_command_tells_a_secret_where_the_store_does_not_answer() {
    let data = data();
    let file = pipeline(data.path(), &text("s3://bucket/raw/", "s3://bucket/out"));
    every_command(data.path(), &file, "s3://bucket/raw/", Some(40));
    nothing_is_told_by_files(data.path());
}

#[test]
fn no_command_tells_a_secret_where_the_file_is_wrong() {
    let data = data();
    for (right, wrong) in [
        ("drop: word", "drop: wrod"),
        ("psi:", "spi:"),
        ("to: 'out/kept/'", "to: 's3://AKIA:planted-address@bucket/x'"),
        ("max: 1000", "max: '${own_token}'"),
        ("column: length, min", "column: '${taken_token}', min"),
        ("own_token: planted-file", "own_token: [planted-list]"),
        ("length(word)", "length(word, '${own_token}')"),
    ] {
        let file = pipeline(data.path(), &text("raw/", "out").replace(right, wrong));
        for command in ["check", "plan", "run"] {
            for format in ["text", "json"] {
                let args = [command, &file, "--log", "trace", "--format", format];
                let ran = run(LOCKGATE, &args, &ENVIRONMENT).expect(30);
                is_clean(&ran.said(), &format!("{command} of a file with {wrong}"));
            }
        }
    }
    nothing_is_told_by_files(data.path());
}
