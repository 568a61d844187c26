//! Describes the columns of a dataset in one pass, without checks and without writing.

use lockgate_rules::{Depth, Profile};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::exec::conduct::Conduct;
use crate::plan::{Rows, visible};
use crate::run::carry_out;
use crate::scan::Part;
use crate::spec::Pipeline;
use crate::store::Staging;

/// What was learnt of a dataset.
#[derive(Debug, Clone)]
pub struct Profiled {
    /// What is known of each column.
    pub profile: Profile,
    /// The columns, in their order.
    pub columns: Vec<String>,
    /// Those of them that the folders name.
    pub partitioned_by: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Files they are in.
    pub files: u64,
    /// Stored bytes read.
    pub bytes: u64,
}

/// Describes a part of the rows of the pipeline's first source.
pub fn profile(engine: &Engine, pipeline: &Pipeline, part: Part) -> Result<Profiled, Vec<Error>> {
    engine.progress().enter("plan");
    let mut plan = engine.bind(pipeline)?;
    let wrong = |error: Error| vec![error];
    let Some(node) = plan.nodes.first_mut() else { return Err(vec![Error::defect("a plan of no source")]) };
    let columns: Vec<String> = visible(&node.schema).iter_names().map(ToString::to_string).collect();
    let rows = std::iter::once((String::new(), Depth::Full));
    node.profiled = rows.chain(columns.iter().map(|column| (column.clone(), Depth::Full))).collect();
    node.checks.clear();
    plan.restrict(part);
    plan.narrow(false, false).map_err(wrong)?;
    let Some(scan) = plan.scan(0) else { return Err(vec![Error::defect("the first node is no source")]) };
    let (files, bytes) = (scan.files_read(), scan.bytes());
    let mut partitioned_by: Vec<String> =
        scan.files().iter().flat_map(|file| &file.partition).map(|(name, _)| name.clone()).collect();
    partitioned_by.sort_unstable();
    partitioned_by.dedup();
    engine.progress().enter("run");
    let conduct = Conduct {
        run_id: "profile".into(),
        run_time: engine.options.run_time,
        write: false,
        shortcuts: false,
        past: None,
    };
    let staging = Staging::new("profile", engine.stores.io(), None);
    let outcomes = carry_out(engine, &mut plan, &conduct, &staging).map_err(wrong)?;
    let first = outcomes.into_iter().next();
    let (rows, points) = first.map_or((0, Vec::new()), |outcome| (outcome.rows_in, outcome.points));
    let profile = points.into_iter().next().map(|point| point.profile).unwrap_or_default();
    Ok(Profiled { profile, columns, partitioned_by, rows, files, bytes })
}

impl crate::plan::Plan {
    /// Reads a part of every source only.
    pub fn restrict(&mut self, part: Part) {
        for node in &mut self.nodes {
            if let Rows::Scan(scan) = &mut node.rows {
                scan.restrict(part);
            }
        }
    }
}
