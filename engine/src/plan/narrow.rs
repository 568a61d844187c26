//! Leaves out of every scan the columns that nobody needs: no output, no step, no check.
//!
//! What is asked of a node's rows is gathered first: by what is written, by its checks, by checks
//! elsewhere that refer to it. Then each table, the last first, passes on through its steps what it
//! needs of the tables it reads. What only checks of a source want may be answered by dictionaries instead.
//! At last every node learns which columns its batches have.

use lockgate_rules::{OtherColumns, Reference, Want};
use polars::prelude::{Expr, Schema};

use super::bind::output_schema;
use super::checks::planned_references;
use super::{Entrance, Node, Plan, Rows, StepPlan, predicates, visible};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::expr::Expression;
use crate::spec::{Span, Spanned};
use crate::steps::{ColumnSet, all, roots, stays};

impl Plan {
    /// Leaves out what a run does not need that `writes` outputs, or only checks; `shortcuts` as in
    /// [`Plan::proofs`].
    pub fn narrow(&mut self, writes: bool, shortcuts: bool) -> Result<()> {
        let mut wanted = vec![ColumnSet::new(); self.nodes.len()];
        for node in 0..self.nodes.len() {
            self.ask(node, writes, &mut wanted)?;
        }
        // Tables come after what they read, so that all is known of a node that others want of it.
        for node in (0..self.nodes.len()).rev() {
            if self.nodes[node].is_checked() {
                self.ask_of_checks(node, shortcuts, &mut wanted[node])?;
            }
            self.pass_on(node, &mut wanted);
        }
        for (node, wanted) in wanted.iter().enumerate() {
            self.nodes[node].carried = self.carry(node, wanted)?;
        }
        Ok(())
    }

    /// What is asked of the rows of `node` for what is written, and by its checks of the rows of others.
    fn ask(&self, node: usize, writes: bool, wanted: &mut [ColumnSet]) -> Result<()> {
        let own = &self.nodes[node];
        if writes && (own.write.is_some() || own.quarantine.is_some()) {
            wanted[node].append(&mut all(&own.schema));
        }
        let references = own.checks.iter().flat_map(|(check, _)| check.references());
        for reference in references.filter(|reference| reference.want != Want::Schema) {
            let other = self.nodes.iter().position(|other| other.name == reference.dataset);
            let other = other.ok_or_else(|| Error::defect("a check refers to a table that is not there"))?;
            wanted[other].append(&mut referred(&reference, &self.nodes[other].schema)?);
        }
        Ok(())
    }

    /// Adds what the checks of `node` ask of its rows to what is `wanted` of them.
    fn ask_of_checks(&mut self, node: usize, shortcuts: bool, wanted: &mut ColumnSet) -> Result<()> {
        let own = &self.nodes[node];
        let schema = bridge::arrow_schema(&visible(&own.schema))?;
        let mut suite = self
            .suite(node, &schema, planned_references(self, own)?)
            .map_err(|_| Error::defect(format!("the checks of \"{}\" no longer fit its rows", own.name)))?;
        suite.rely_on(&self.proofs(node, shortcuts));
        wanted.append(&mut roots(&predicates(&suite, &own.schema)?));
        if let Rows::Scan(scan) = &mut self.nodes[node].rows
            && shortcuts
        {
            // A column that is read all the same is tested as it is read.
            if scan.list_values(suite.listable().filter(|name| !wanted.contains(*name)))? {
                suite.rely_on(&self.proofs(node, shortcuts));
            }
        }
        wanted.extend(suite.needed().map(Into::into));
        Ok(())
    }

    /// Asks of the tables that `node` reads what it needs to make the columns wanted of it.
    fn pass_on(&mut self, node: usize, wanted: &mut [ColumnSet]) {
        let (earlier, rest) = self.nodes.split_at_mut(node);
        let Rows::Steps { from, steps } = &mut rest[0].rows else { return };
        let mut needed = wanted[node].clone();
        for step in steps.iter_mut().rev() {
            let others: Vec<&Schema> = step.reads.iter().map(|read| &earlier[*read].schema).collect();
            let needs = step.lowering.narrow(&needed, &step.input, &others);
            for (read, mut columns) in step.reads.iter().zip(needs.others) {
                wanted[*read].append(&mut columns);
            }
            needed = needs.input;
        }
        wanted[*from].append(&mut needed);
    }

    /// Has the batches of `node` carry no more than they must, and gives their schema.
    fn carry(&mut self, node: usize, wanted: &ColumnSet) -> Result<Schema> {
        let (earlier, rest) = self.nodes.split_at_mut(node);
        let Node { rows, entrances, schema, .. } = &mut rest[0];
        let (from, steps) = match rows {
            Rows::Scan(scan) => return scan.narrow(wanted),
            Rows::Returning { .. } => {
                let carried = schema.iter().filter(|(name, _)| stays(name, wanted));
                let carried: Schema = carried.map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
                narrow_entrances(entrances, &[], &carried)?;
                return Ok(carried);
            }
            Rows::Steps { from, steps } => (*from, steps),
        };
        let carried = steps.iter_mut().try_fold(earlier[from].carried.clone(), |input, step| {
            let others: Vec<Schema> =
                step.reads.iter().map(|read| visible(&earlier[*read].carried)).collect();
            let output = output_schema(&step.lowering, &input, &others);
            step.input = input;
            output.map_err(|error| Error::defect("a step needs a column it did not name").because(error))
        })?;
        narrow_entrances(entrances, steps, &carried)?;
        Ok(carried)
    }
}

/// Has rows come in with the columns that they meet there.
fn narrow_entrances(entrances: &mut [Entrance], steps: &[StepPlan], carried: &Schema) -> Result<()> {
    for Entrance { stage, scan } in entrances {
        scan.carry(steps.get(*stage).map_or(carried, |step| &step.input))?;
    }
    Ok(())
}

/// The columns of a table of `schema` that are looked at for a reference.
fn referred(reference: &Reference, schema: &Schema) -> Result<ColumnSet> {
    let mut columns: ColumnSet = match &reference.columns {
        OtherColumns::Named(names) => names.iter().map(|name| name.as_str().into()).collect(),
        OtherColumns::All => all(schema),
    };
    if let Some(filter) = &reference.filter {
        let text = Spanned { value: filter.clone(), span: Span::default() };
        let filter: Expr = Expression::parse(&text)?.bind_predicate(schema)?;
        columns.append(&mut roots([&filter]));
    }
    Ok(columns)
}
