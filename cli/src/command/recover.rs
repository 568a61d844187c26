//! `lockgate recover`: runs that died are finished or undone.

use lockgate_engine::Error;
use lockgate_engine::commit::{Action, Recovered};
use serde_json::{Value, json};

use crate::args::Job;
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render::{self, escape};
use crate::screen::Screen;
use crate::session::Session;

/// Recovers every run of the pipeline that needs it and says what was done about each.
pub(super) fn recover(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let recovered = session.ask(lockgate_engine::Engine::recover)?;
    let records: Vec<Value> = recovered.iter().map(record).collect();
    screen.show(&records, |_| match recovered.as_slice() {
        [] => "nothing to recover\n".to_owned(),
        runs => render::lines(runs.iter().map(line)),
    })?;
    Ok(if recovered.iter().all(|run| run.action.is_ok()) { Ended::Done } else { Ended::Unfinished })
}

fn line(run: &Recovered) -> String {
    let name = match &run.attempt {
        Some(attempt) => format!("run {}, attempt {}", escape(&attempt.run_id), attempt.number),
        None => "a run that cannot be read".to_owned(),
    };
    let done = match &run.action {
        Ok(Action::Finished) => "finished: what it staged is published".to_owned(),
        Ok(Action::Undone) => "undone: what it staged is gone".to_owned(),
        Ok(Action::Tidied) => "tidied: it had ended but for some traces".to_owned(),
        Ok(Action::Running) => "left alone: it is running".to_owned(),
        Err(error) => format!("not recovered: {}", escape(&in_full(error))),
    };
    format!("{name}  {done}")
}

fn record(run: &Recovered) -> Value {
    let action = match &run.action {
        Ok(Action::Finished) => "finished",
        Ok(Action::Undone) => "undone",
        Ok(Action::Tidied) => "tidied",
        Ok(Action::Running) => "running",
        Err(_) => "failed",
    };
    json!({
        "run_id": run.attempt.as_ref().map(|attempt| &attempt.run_id),
        "attempt": run.attempt.as_ref().map(|attempt| attempt.number),
        "action": action,
        "error": run.action.as_ref().err().map(in_full),
    })
}

/// The error with its causes, in one line.
fn in_full(error: &Error) -> String {
    std::iter::once(error.message().to_owned()).chain(render::causes(error)).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use lockgate_engine::commit::Attempt;

    use super::*;

    #[test]
    fn what_was_done_is_told_for_people_and_programs() {
        let attempt = Attempt { pipeline: "orders".into(), run_id: "3f9a".into(), number: 2 };
        let undone = Recovered { attempt: Some(attempt), action: Ok(Action::Undone) };
        assert_eq!(line(&undone), "run 3f9a, attempt 2  undone: what it staged is gone");
        assert_eq!(record(&undone)["action"], "undone");
        let lost = Error::unavailable("reading x").because(std::io::Error::other("timed out"));
        let failed = Recovered { attempt: None, action: Err(lost) };
        assert_eq!(line(&failed), "a run that cannot be read  not recovered: reading x: timed out");
        assert_eq!(record(&failed)["error"], "reading x: timed out");
    }
}
