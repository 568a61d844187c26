//! Rows of the quarantine go on from where they had left: once, and only if they pass now.

use std::path::Path;

use lockgate_tests::{Ran, TempDir, check, files, folder, pipeline, query, run, table};
use serde_json::{Value, json};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// A folder with a CSV file of orders. Rows 2, 4 and 5 are wrong in ways of their own.
fn orders() -> TempDir {
    let data = folder();
    let raw =
        "id,shop,price,mode\n1,A,1.50,AIR\n2,B,2.50,RAIL\n3,A,3.50,SHIP\n4,B,\"4,50\",AIR\n5,A,5.50,rail\n";
    std::fs::write(data.path().join("raw.csv"), raw).expect("a fresh folder can be written");
    std::fs::write(data.path().join("shops.csv"), "shop,city\nA,Bern\nB,Thun\n").expect("the same");
    data
}

/// A pipeline over them with these steps, modes that are allowed, and more checks.
fn shipped(steps: &str, modes: &str, more: &str) -> String {
    format!(
        "pipeline: shipped
sources:
  raw: {{read: raw.csv, format: csv, schema: {{columns: {{price: string}}}}}}
  shops: {{read: shops.csv, format: csv}}
tables:
  clean:
    from: raw
    steps: [{steps}]
    checks:
      - in_set: {{id: mode, column: mode, values: [{modes}], on_row: quarantine, severity: log}}
      {more}
    write: {{to: out/clean/, partition_by: shop}}
    quarantine: apart/clean/
"
    )
}

const PARSE: &str = "{parse: {price: {type: 'decimal(8,2)', on_error: quarantine}}}, {join: {with: shops, on: shop, expect: n-1}}";
const REPLACE: &str = "{replace: {columns: price, find: ',', with: '.'}}";

fn lockgate(args: &[&str], code: i32) -> Ran {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    run(LOCKGATE, &args, &[]).expect(code)
}

fn replay(file: &str, more: &[&str], code: i32) -> Ran {
    let args: Vec<&str> = ["quarantine", "replay", file].iter().chain(more).copied().collect();
    lockgate(&args, code)
}

/// The rows of a dataset.
fn rows(data: &Path, dataset: &str, columns: &str) -> Value {
    let at = data.join(dataset).display().to_string();
    query(&format!("select {columns} from read_parquet('{at}/*/*.parquet', union_by_name=true) order by all"))
}

/// Everything that readers of the outputs see.
fn visible(data: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = files(data);
    found.retain(|(path, _)| !path.contains("_lockgate/") && path.contains('/'));
    found
}

fn counts(record: &Value) -> [u64; 3] {
    ["rows_in", "rows_published", "rows_kept"].map(|key| record["replay"][key].as_u64().expect("a number"))
}

#[test]
fn rows_that_pass_now_are_appended_once_and_those_that_fail_stay_with_new_reasons() {
    let data = orders();
    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP", ""));
    let first = lockgate(&["run", &file], 0).json();
    let apart =
        "id, lockgate_reasons as reasons, lockgate_file as file, lockgate_row as row, lockgate_run as run";
    let before = rows(data.path(), "apart/clean", apart);
    assert_eq!(before.as_array().map(Vec::len), Some(3), "{before}");
    let published = files(&data.path().join("out/clean"));

    // The mode RAIL is allowed now; the price of row 4 gets its point in a step at the place where it left; row 5
    // is still wrong.
    let steps = format!("{REPLACE}, {PARSE}");
    let text = shipped(&steps, "AIR, SHIP, RAIL", "- lt: {id: dear, column: id, value: 5, severity: log}");
    let file = pipeline(data.path(), &text);
    // Rows that left at the checks have gone through other steps than those that are there now.
    let said = replay(&file, &[], 30).json();
    let message = said["errors"][0]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("steps before it that the pipeline has changed since"), "{message}");
    let parsed = replay(&file, &["--at", "parse"], 0).json();
    assert_eq!(counts(&parsed), [1, 1, 0]);
    let steps: Vec<(&str, u64)> = table(&parsed, "clean")["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| (step["step"].as_str().expect("a name"), step["rows_in"].as_u64().expect("rows")))
        .collect();
    assert_eq!(steps, [("replace", 1), ("parse", 1), ("join", 1)]);

    let file = pipeline(
        data.path(),
        &shipped(PARSE, "AIR, SHIP, RAIL", "- lt: {id: dear, column: id, value: 5, severity: log}"),
    );
    let record = replay(&file, &[], 0).json();
    assert_eq!(counts(&record), [2, 1, 1]);
    assert_eq!(record["status"], "published");
    assert_eq!(record["replay"]["runs"], json!([first["run_id"]]));
    assert_eq!(
        (&record["replay"]["returned"][0]["on"], &record["replay"]["returned"][0]["point"]),
        (&json!("clean"), &json!("checks"))
    );
    let clean = table(&record, "clean");
    assert_eq!(
        (&clean["rows_in"], &clean["rows_out"], &clean["rows_quarantined"]),
        (&json!(2), &json!(1), &json!(1))
    );

    let expected = json!([
        {"id": 1, "price": "1.50", "city": "Bern", "shop": "A"},
        {"id": 2, "price": "2.50", "city": "Thun", "shop": "B"},
        {"id": 3, "price": "3.50", "city": "Bern", "shop": "A"},
        {"id": 4, "price": "4.50", "city": "Thun", "shop": "B"},
    ]);
    assert_eq!(rows(data.path(), "out/clean", "id, price, city, shop"), expected);
    let now = files(&data.path().join("out/clean"));
    assert!(published.iter().all(|file| now.contains(file)), "what was there stays as it was");
    let after = rows(data.path(), "apart/clean", apart);
    let row = |of: &Value| json!([of["id"], of["file"], of["row"]]);
    assert_eq!(after.as_array().map(Vec::len), Some(1), "{after}");
    assert_eq!(row(&after[0]), row(&before[2]), "it came from where it came from");
    assert_eq!((&after[0]["reasons"], &after[0]["run"]), (&json!(["mode", "dear"]), &record["run_id"]));
    assert_ne!(record["run_id"], first["run_id"]);

    // Row 5 fails again, which is a replay like another; once it passes, there is nothing left.
    let again = replay(&file, &[], 0).json();
    assert_eq!(counts(&again), [1, 0, 1]);
    let all = shipped(PARSE, "AIR, SHIP, RAIL, rail", "");
    let file = pipeline(data.path(), &all);
    assert_eq!(counts(&replay(&file, &[], 0).json()), [1, 1, 0]);
    let before = visible(data.path());
    let nothing = replay(&file, &[], 0).json();
    assert_eq!((&nothing["status"], counts(&nothing)), (&json!("nothing_new"), [0, 0, 0]));
    assert_eq!(visible(data.path()), before);
    assert_eq!(rows(data.path(), "out/clean", "id").as_array().map(Vec::len), Some(5));
    let left = std::fs::read_dir(data.path().join("apart/clean")).expect("it was written");
    let left: Vec<_> = left.map(|entry| entry.expect("it was just listed").file_name()).collect();
    assert_eq!(left, ["_SUCCESS"], "folders of runs whose rows are all published");
}

#[test]
fn a_replay_that_is_only_tried_or_whose_gate_is_closed_changes_nothing() {
    let data = orders();
    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP", ""));
    lockgate(&["run", &file], 0);
    let before = visible(data.path());
    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP, RAIL", ""));
    let tried = replay(&file, &["--at", "checks", "--dry-run"], 0).json();
    assert_eq!((&tried["status"], counts(&tried)), (&json!("dry_run"), [2, 1, 1]));
    assert_eq!(visible(data.path()), before);

    // Checks of a whole table are judged over the rows that come back.
    let closed = shipped(PARSE, "AIR, SHIP, RAIL", "- row_count: {id: rows, min: 2}");
    let file = pipeline(data.path(), &closed);
    let record = replay(&file, &["--at", "checks"], 20).json();
    assert_eq!((&record["status"], &check(&record, "rows")["observed"]), (&json!("withheld"), &json!(1)));
    assert_eq!(visible(data.path()), before);
    let summary = run(LOCKGATE, &["quarantine", "replay", &file, "--at", "checks"], &[]).expect(20).stdout;
    assert!(summary.contains("2 rows in, 1 written, 1 kept apart again"), "{summary}");
}

#[test]
fn rows_corrected_in_the_files_of_the_quarantine_are_published_as_they_are_now() {
    let data = orders();
    let text = shipped(PARSE, "AIR, SHIP", "");
    let file = pipeline(data.path(), &text);
    lockgate(&["run", &file], 0);
    let kept: Vec<String> = files(&data.path().join("apart/clean"))
        .into_iter()
        .map(|(path, _)| data.path().join("apart/clean").join(path).display().to_string())
        .filter(|path| path.ends_with(".parquet"))
        .collect();
    assert_eq!(kept.len(), 2);
    for path in &kept {
        let set = if path.contains("checks") { "'AIR' as mode" } else { "'4.50' as price" };
        query(&format!(
            "copy (select * replace ({set}) from read_parquet('{path}', hive_partitioning=false)) to '{path}.new' (format parquet)"
        ));
        std::fs::rename(format!("{path}.new"), path).expect("the file can be replaced");
    }
    let record = replay(&file, &[], 0).json();
    assert_eq!(counts(&record), [3, 3, 0]);
    let all = rows(data.path(), "out/clean", "id, mode, price");
    assert_eq!(all[3], json!({"id": 4, "mode": "AIR", "price": "4.50"}));
    assert_eq!(all[4], json!({"id": 5, "mode": "AIR", "price": "5.50"}));
    assert_eq!(replay(&file, &[], 0).json()["status"], "nothing_new");

    // A column of another type would be published as something else.
    let data = orders();
    let file = pipeline(data.path(), &text);
    lockgate(&["run", &file], 0);
    let name = files(data.path()).into_iter().map(|(path, _)| path).find(|path| path.contains("-checks-"));
    let path = data.path().join(name.expect("rows left at the checks")).display().to_string();
    query(&format!(
        "copy (select * replace (id::double as id) from read_parquet('{path}', hive_partitioning=false)) to '{path}.new' (format parquet)"
    ));
    std::fs::rename(format!("{path}.new"), &path).expect("the file can be replaced");
    let said = replay(&file, &[], 30).said();
    assert!(said.contains("column \\\"id\\\" of quarantined rows is Float64, and Int64 is wanted"), "{said}");
}

#[test]
fn rows_of_a_source_go_through_all_tables_made_from_it() {
    let text = |modes: &str| {
        format!(
            "pipeline: both
sources:
  raw:
    read: raw.csv
    format: csv
    checks:
      - in_set: {{id: mode, column: mode, values: [{modes}], on_row: quarantine, severity: log}}
    quarantine: apart/raw/
tables:
  all:
    from: raw
    write: {{to: out/all/, partition_by: shop, mode: error_if_exists}}
  late:
    from: all
    steps: [{{filter: id > 1}}, {{derive: {{twice: id * 2}}}}]
    checks: [{{ge: {{id: twice, column: twice, value: 6, on_row: quarantine, severity: log}}}}]
    write: {{to: out/late/, partition_by: shop}}
    quarantine: apart/late/
"
        )
    };
    let data = orders();
    let file = pipeline(data.path(), &text("AIR"));
    lockgate(&["run", &file], 0);
    assert_eq!(rows(data.path(), "apart/raw", "id"), json!([{"id": 2}, {"id": 3}, {"id": 5}]));
    let file = pipeline(data.path(), &text("AIR, SHIP, RAIL"));
    let record = replay(&file, &[], 0).json();
    // Row 2 passes the source and fails further on; row 5 stays where it is.
    assert_eq!(counts(&record), [3, 3, 2]);
    assert_eq!(rows(data.path(), "out/all", "id"), json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]));
    assert_eq!(
        rows(data.path(), "out/late", "id, twice"),
        json!([{"id": 3, "twice": 6}, {"id": 4, "twice": 8}])
    );
    assert_eq!(rows(data.path(), "apart/raw", "id"), json!([{"id": 5}]));
    let late = rows(data.path(), "apart/late", "id, lockgate_file as file, lockgate_row as row");
    assert_eq!((&late[0]["id"], &late[0]["row"]), (&json!(2), &json!(1)));
    assert!(late[0]["file"].as_str().is_some_and(|file| file.ends_with("raw.csv")), "{late}");
    // From both quarantines at once, in one commit.
    let file = pipeline(data.path(), &text("AIR, SHIP, RAIL, rail").replace("value: 6", "value: 4"));
    assert_eq!(counts(&replay(&file, &[], 0).json()), [2, 3, 0]);
    assert_eq!(rows(data.path(), "out/late", "id").as_array().map(Vec::len), Some(4));
    assert_eq!(replay(&file, &[], 0).json()["status"], "nothing_new");
}

#[test]
fn tables_that_would_have_to_be_made_again_are_refused_or_left() {
    let with_sums = |steps: &str, modes: &str| {
        shipped(steps, modes, "")
            + "  sums:
    from: clean
    steps: [{aggregate: {by: shop, measures: {n: count(*)}}}]
    write: {to: out/sums/, partition_by: shop}
  known:
    from: shops
    steps: [{join: {with: clean, on: shop, how: semi}}]
    write: {to: out/known/, partition_by: city}
"
    };
    let data = orders();
    let file = pipeline(data.path(), &with_sums(PARSE, "AIR, SHIP"));
    lockgate(&["run", &file], 0);
    let file = pipeline(data.path(), &with_sums(PARSE, "AIR, SHIP, RAIL, rail"));
    let before = visible(data.path());
    let said = replay(&file, &["--at", "checks"], 30).json();
    let messages: Vec<&str> = said["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["message"].as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "rows that come back to table \"sums\" would go through \"aggregate\", which looks at all rows of it",
            "rows would come back to \"clean\", in which table \"known\" looks rows up",
        ]
    );
    assert_eq!(visible(data.path()), before);
    let others = |data: &Path| (files(&data.join("out/sums")), files(&data.join("out/known")));
    let untouched = others(data.path());
    let record = replay(&file, &["--at", "checks", "--leave", "sums", "--leave", "known"], 0).json();
    assert_eq!(counts(&record), [2, 2, 0]);
    assert_eq!(record["replay"]["left"], json!(["sums", "known"]));
    assert_eq!(others(data.path()), untouched);

    // A row that left before a deduplication may be there already.
    let unique = format!("{PARSE}, {{deduplicate: {{keys: [id]}}}}");
    let data = orders();
    let file = pipeline(data.path(), &shipped(&unique, "AIR, SHIP", ""));
    lockgate(&["run", &file], 0);
    let said = replay(&file, &[], 30).said();
    assert!(said.contains("would go through \\\"deduplicate\\\", which looks at all rows of it"), "{said}");
    assert!(said.contains("run the pipeline again over the files"), "{said}");
    assert_eq!(counts(&replay(&file, &["--at", "checks"], 0).json()), [2, 0, 2]);
}

#[test]
fn rows_that_a_later_run_has_decided_about_are_not_published_twice() {
    let data = orders();
    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP", ""));
    let first = lockgate(&["run", &file], 0).json();
    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP, RAIL", ""));
    let second = lockgate(&["run", &file], 0).json();
    let before = visible(data.path());
    // The second run has published row 2 itself and keeps rows 4 and 5 apart.
    let record = replay(&file, &["--run", &first["run_id"].as_str().expect("an id")[..8]], 0).json();
    assert_eq!((&record["status"], counts(&record)), (&json!("nothing_new"), [0, 0, 0]));
    let reread: Vec<[&Value; 4]> = record["replay"]["reread"]
        .as_array()
        .expect("rows left out")
        .iter()
        .map(|rows| [&rows["on"], &rows["run"], &rows["by"], &rows["rows"]])
        .collect();
    let of = |rows: u64| [json!("clean"), first["run_id"].clone(), second["run_id"].clone(), json!(rows)];
    assert_eq!(reread, [of(2).each_ref(), of(1).each_ref()]);
    assert_eq!(visible(data.path()), before);
    let summary = run(LOCKGATE, &["quarantine", "replay", &file, "--run", "none"], &[]).expect(0).stdout;
    assert!(summary.starts_with("NOTHING TO REPLAY  shipped"), "{summary}");

    let file = pipeline(data.path(), &shipped(PARSE, "AIR, SHIP, RAIL, rail", ""));
    assert_eq!(counts(&replay(&file, &[], 0).json()), [2, 1, 1]);
    assert_eq!(rows(data.path(), "out/clean", "id"), json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 5}]));
    // What a replay published is input of no run: the next run makes the partitions anew.
    let third = lockgate(&["run", &file], 0).json();
    assert_eq!(third["status"], "published");
    assert_eq!(rows(data.path(), "out/clean", "id"), json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 5}]));
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let data = orders();
    let text = shipped(PARSE, "AIR, SHIP", "");
    let file = pipeline(data.path(), &text);
    let message = |said: Value| said["errors"][0]["message"].as_str().expect("a message").to_owned();
    assert_eq!(replay(&file, &[], 0).json()["status"], "nothing_new");
    lockgate(&["run", &file], 0);
    assert_eq!(
        message(replay(&file, &["--table", "raw"], 30).json()),
        "no source or table \"raw\" with a quarantine"
    );
    assert_eq!(message(replay(&file, &["--leave", "sum"], 30).json()), "no table \"sum\" to leave as it is");
    let stray = data.path().join("apart/clean/lockgate_run=abc/corrected.parquet");
    std::fs::create_dir_all(stray.parent().expect("a folder")).expect("a folder can be made");
    std::fs::write(&stray, "").expect("a file can be written");
    let said = message(replay(&file, &[], 30).json());
    assert!(said.contains("has no name that a run gave it"), "{said}");
    std::fs::remove_file(&stray).expect("the file is there");

    let none =
        text.replace("    quarantine: apart/clean/\n", "").replace("on_row: quarantine", "on_row: drop");
    let file = pipeline(data.path(), &none.replace("on_error: quarantine", "on_error: 'null'"));
    let said = replay(&file, &[], 30).json();
    assert_eq!(message(said.clone()), "pipeline \"shipped\" has no quarantine");
    assert!(
        said["errors"][0]["hint"].as_str().is_some_and(|hint| hint.contains("`quarantine: folder/`")),
        "{said}"
    );
}

#[test]
fn rows_of_a_table_partitioned_by_the_runs_time_go_to_the_partition_of_their_run() {
    let text = |modes: &str| shipped(PARSE, modes, "").replace(", partition_by: shop", "");
    let data = orders();
    let file = pipeline(data.path(), &text("AIR, SHIP"));
    let first = lockgate(&["run", &file, "--run-time", "2026-03-01"], 0).json();
    std::fs::write(data.path().join("raw.csv"), "id,shop,price,mode\n6,A,6.50,RAIL\n")
        .expect("it can be written");
    lockgate(&["run", &file, "--run-time", "2026-03-02"], 0);
    std::fs::rename(data.path().join("raw.csv"), data.path().join("raw_2.csv")).expect("it is there");
    let moved = text("AIR, SHIP").replace("read: raw.csv", "read: raw_2.csv");
    let file = pipeline(data.path(), &moved);
    lockgate(&["run", &file, "--run-time", "2026-03-03"], 0);

    let file = pipeline(data.path(), &moved.replace("[AIR, SHIP]", "[AIR, SHIP, RAIL]"));
    let said = replay(&file, &[], 30).said();
    assert!(said.contains("partitions of different run times"), "{said}");
    let ids: Vec<String> = files(&data.path().join("apart/clean"))
        .into_iter()
        .filter_map(|(path, _)| Some(path.strip_prefix("lockgate_run=")?.split_once('/')?.0.to_owned()))
        .filter(|id| first["run_id"] != **id)
        .collect();
    for id in &ids {
        assert_eq!(counts(&replay(&file, &["--run", id], 0).json()), [1, 1, 0]);
    }
    // The file of the first run was replaced and read again: what became of its rows, only people can tell.
    let id = first["run_id"].as_str().expect("an id");
    assert_eq!(replay(&file, &["--run", id], 0).json()["status"], "nothing_new");
    let again = replay(&file, &["--run", id, "--at", "checks", "--reread"], 0).json();
    assert_eq!((&again["run_time"], counts(&again)), (&json!("2026-03-01T00:00:00Z"), [2, 1, 1]));
    let all = rows(data.path(), "out/clean", "id, created_at");
    let days: Vec<(u64, &str)> = all
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["id"].as_u64().expect("an id"), &row["created_at"].as_str().expect("a time")[..10]))
        .collect();
    let expected =
        [(1, "2026-03-01"), (2, "2026-03-01"), (3, "2026-03-01"), (6, "2026-03-02"), (6, "2026-03-03")];
    assert_eq!(days, expected);
}
