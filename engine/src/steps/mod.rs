//! The steps of a table, one file each. Adding one takes its file and one line in `STEPS`.

mod aggregate;
mod arguments;
mod column;
mod conversion;
mod deduplicate;
pub mod evaluate;
pub mod keys;
mod literal;
mod narrow;
mod rowops;
pub(crate) mod rows;
mod step;
mod type_name;

mod cast;
mod clip;
mod derive;
mod drop;
mod drop_nulls;
mod drop_outliers;
mod explode;
mod fill_null;
mod filter;
mod hash;
mod join;
mod lowercase;
mod parse;
mod pivot;
mod rename;
mod replace;
mod sample;
mod select;
mod sort;
mod sql;
mod trim;
mod union;
mod unpivot;
mod uppercase;
mod window;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod trial;
#[cfg(test)]
mod trial_frames;

pub use evaluate::Evaluator;
pub(crate) use narrow::stays;
pub use narrow::{ColumnSet, Needs, all, roots};
pub(crate) use sql::query_step;
pub use step::{
    BindContext, Example, HIDDEN, Lowering, Operator, Rest, RowOp, Step, StepDef, StreamStep, Then, Turn,
    WholeStep,
};

/// Every step, in the order of the documentation.
pub static STEPS: &[&StepDef] = &[
    &select::STEP,
    &drop::STEP,
    &rename::STEP,
    &cast::STEP,
    &parse::STEP,
    &trim::STEP,
    &uppercase::STEP,
    &lowercase::STEP,
    &replace::STEP,
    &fill_null::STEP,
    &drop_nulls::STEP,
    &filter::STEP,
    &clip::STEP,
    &drop_outliers::STEP,
    &derive::STEP,
    &hash::STEP,
    &deduplicate::STEP,
    &join::STEP,
    &union::STEP,
    &aggregate::STEP,
    &pivot::STEP,
    &unpivot::STEP,
    &explode::STEP,
    &window::STEP,
    &sort::STEP,
    &sample::STEP,
    &sql::STEP,
];

/// The step called `name`.
pub fn find(name: &str) -> Option<&'static StepDef> {
    STEPS.iter().copied().find(|step| step.name == name)
}
