//! Documents that runs leave for one another beside the data.

use std::sync::OnceLock;
use std::time::Duration;

use arrow::array::{Array, Float64Array, RecordBatch, StringArray};
use chrono::DateTime;
use lockgate_engine::commit::{self, Attempt, Begun, Holder, Home, Patience, Request, Session};
use lockgate_engine::history::Past;
use lockgate_engine::store::{Dataset, Io, Settings, Stores};
use lockgate_rules::{AnsweredFrom, Batch, Check, JudgeContext, Proofs, References, Suite};
use serde_json::json;

use crate::files::is_no_defect;

fn io() -> Io {
    static IO: OnceLock<Io> = OnceLock::new();
    IO.get_or_init(|| Io::new(1).unwrap()).clone()
}

fn holder(host: &str) -> Holder {
    Holder { host: host.into(), pid: 1, machine: String::new(), began: 0 }
}

/// The journal of a run that died, found by a recovery.
pub(crate) fn journal(data: &[u8]) {
    let stores = Stores::new(Settings::new("/", []), io());
    let dataset = Dataset::new(stores.open("memory://b/lake/orders").unwrap()).unwrap();
    let home = Home::new(dataset.state().clone());
    let beside = stores.open("memory://b/elsewhere/of-others").unwrap();
    let attempt = Attempt { pipeline: "orders".into(), run_id: "one".into(), number: 1 };
    let recovered = io().block_on(async {
        let request = Request {
            home: home.clone(),
            pipeline: attempt.pipeline.clone(),
            run_id: attempt.run_id.clone(),
            datasets: vec![dataset.clone()],
            holder: holder("dead"),
            patience: Patience { lease: Duration::ZERO, heartbeat: Duration::from_hours(1) },
            now: DateTime::UNIX_EPOCH,
            engine: "fuzz".into(),
        };
        let Begun::Started(session) = Session::begin(&stores, request).await.unwrap() else {
            unreachable!("nothing was published before")
        };
        drop(session);
        beside.put("precious").await.unwrap();
        let place = home.location().join("runs").unwrap().join("orders").unwrap().join("one").unwrap();
        place.join("1").unwrap().join("journal.json").unwrap().put(data.to_vec()).await.unwrap();
        let recovered =
            commit::recover(&stores, &home, &holder("medic"), Duration::ZERO, "fuzz").await.unwrap();
        let names_it = String::from_utf8_lossy(data).contains("elsewhere");
        assert!(
            names_it || beside.get_if_exists().await.unwrap().is_some(),
            "it deleted what is not its own"
        );
        recovered
    });
    for run in recovered {
        if let Err(error) = run.action {
            is_no_defect(&[error]);
        }
    }
}

/// The state that a run left of what it published, read for checks of drift.
pub(crate) fn state(data: &[u8]) {
    let stores = Stores::new(Settings::new("/", []), io());
    let home = Home::new(stores.open("memory://b/lake/_lockgate").unwrap());
    let folder = home.location().join("states").unwrap().join("orders").unwrap().join("orders").unwrap();
    let name = "20240301T000000.000Z.one.json";
    io().block_on(folder.join(name).unwrap().put(data.to_vec())).unwrap();
    let history = match Past::new(home, "orders", io()).newest("orders", 10) {
        Ok(history) => history,
        Err(error) => return is_no_defect(&[error]),
    };
    let (record, suite) = drifting();
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let batch = Batch { record, predicates: &[], origins: None, now, partitions: None };
    let mut state = suite.start();
    state.merge(suite.measure(&batch).unwrap().part).unwrap();
    let context =
        JudgeContext { now, proofs: &Proofs::default(), source: AnsweredFrom::Scan, history: &history };
    serde_json::to_string(&suite.judge(&state, &context)).unwrap();
}

/// Rows, and every rule of drift over them.
fn drifting() -> &'static (RecordBatch, Suite) {
    static DRIFTING: OnceLock<(RecordBatch, Suite)> = OnceLock::new();
    DRIFTING.get_or_init(|| {
        let numbers: Float64Array = (0..100).map(|n| (n % 7 > 0).then_some(f64::from(n))).collect();
        let texts: StringArray = (0..100).map(|n| (n % 5 > 0).then(|| format!("text {}", n % 9))).collect();
        let columns = [
            ("x", std::sync::Arc::new(numbers) as _),
            ("s", std::sync::Arc::new(texts) as std::sync::Arc<dyn Array>),
        ];
        let record = RecordBatch::try_from_iter(columns).unwrap();
        let last = json!({"last": 5});
        let checks = [
            ("psi", json!({"column": "x", "fail": 0.2, "baseline": last})),
            ("psi", json!({"column": "s", "fail": 0.2, "baseline": last})),
            ("ks", json!({"column": "x", "fail": 0.2, "baseline": last})),
            ("wasserstein", json!({"column": "x", "fail": 0.2, "baseline": last})),
            ("jensen_shannon", json!({"column": "x", "fail": 0.2, "baseline": last})),
            ("chi_square", json!({"column": "s", "baseline": last})),
            ("new_categories", json!({"column": "s", "baseline": last})),
            ("missingness_drift", json!({"column": "x", "fail": 0.2, "baseline": last})),
            ("dataset_drift", json!({"columns": ["x", "s"], "fail": 0.5, "baseline": last})),
            ("change", json!({"metric": "mean", "column": "x", "fail": 0.2, "baseline": last})),
            ("metric_anomaly", json!({"metric": "row_count"})),
        ];
        let parsed = checks.iter().map(|(rule, params)| {
            Check::parse(rule, params).unwrap_or_else(|error| panic!("{rule}: {error}"))
        });
        let checks = parsed.flatten().collect();
        let suite = Suite::bind(checks, record.schema_ref(), References::default());
        (record, suite.unwrap_or_else(|errors| panic!("{errors:?}")))
    })
}
