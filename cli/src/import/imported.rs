//! What came of an import: checks by dataset, and the list of what was not carried over.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Tool;
use super::draft::Draft;

/// The checks of a file.
#[derive(Debug)]
pub(crate) struct Imported {
    /// Where they come from.
    pub(crate) tool: Tool,
    /// What they are about, in the order of the file.
    pub(crate) datasets: Vec<Dataset>,
    /// What was not carried over, in the order of the file.
    pub(crate) refused: Vec<Refused>,
}

/// A dataset that checks are about, or that they refer to.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// As a pipeline file can call it.
    pub(crate) name: String,
    /// As the other tool calls it.
    called: String,
    /// Its checks.
    pub(crate) checks: Vec<Carried>,
}

/// A check that was carried over.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Carried {
    /// The check it comes from, in words.
    pub(crate) from: String,
    /// The line it stands in, from 1.
    pub(crate) line: usize,
    /// The rule.
    pub(crate) rule: &'static str,
    /// What stands beside it.
    pub(crate) params: Map<String, Value>,
    /// What differs in meaning.
    pub(crate) differs: Vec<String>,
}

/// A check that was not carried over.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refused {
    /// The check, in words.
    pub(crate) from: String,
    /// The line it stands in, from 1.
    pub(crate) line: usize,
    /// Why.
    pub(crate) why: String,
    /// The dataset it is about, as a pipeline file can call it.
    pub(crate) dataset: Option<String>,
}

/// The check of the other tool that is being read.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// In words, such as `not_null of orders.id`.
    pub(super) what: String,
    /// The line it stands in, from 1.
    pub(super) line: usize,
    /// The dataset it is about, as a pipeline file can call it.
    pub(super) dataset: String,
}

impl Imported {
    pub(super) fn new(tool: Tool) -> Self {
        Self { tool, datasets: Vec::new(), refused: Vec::new() }
    }

    /// The name in a pipeline file of the dataset that the tool calls `called`.
    pub(super) fn dataset(&mut self, called: &str) -> String {
        if let Some(known) = self.datasets.iter().find(|dataset| dataset.called == called) {
            return known.name.clone();
        }
        let plain = usable(called);
        let taken = |name: &str| self.datasets.iter().any(|dataset| dataset.name == name);
        let mut numbered = (2..).map(|number| format!("{plain}_{number}"));
        let name = if taken(&plain) { numbered.find(|name| !taken(name)) } else { None };
        let name = name.unwrap_or(plain);
        self.datasets.push(Dataset { name: name.clone(), called: called.to_owned(), checks: Vec::new() });
        name
    }

    /// Takes what became of a check: rules, or why there are none. `shared` stands beside each of them.
    pub(super) fn settle(
        &mut self,
        origin: &Origin,
        shared: &Map<String, Value>,
        drafts: Result<Vec<Draft>, String>,
    ) {
        let drafts = match drafts {
            Ok(drafts) => drafts,
            Err(why) => return self.refuse(origin, why),
        };
        let several = drafts.len() > 1;
        for (at, draft) in drafts.into_iter().enumerate() {
            let mut draft = draft.beside(shared);
            if let (true, Some(Value::String(id))) = (several && at > 0, draft.params.get_mut("id")) {
                *id = format!("{id}_{}", at + 1);
            }
            match draft.verify() {
                Ok(()) => self.carry(origin, draft),
                Err(why) => self.refuse(origin, why),
            }
        }
    }

    fn carry(&mut self, origin: &Origin, draft: Draft) {
        let Draft { rule, params, differs } = draft;
        let carried = Carried { from: origin.what.clone(), line: origin.line, rule, params, differs };
        if let Some(dataset) = self.datasets.iter_mut().find(|dataset| dataset.name == origin.dataset) {
            dataset.checks.push(carried);
        }
    }

    /// Puts a check, or a part of one, on the list of what is not carried over.
    pub(super) fn refuse(&mut self, origin: &Origin, why: impl Into<String>) {
        let dataset = Some(origin.dataset.clone()).filter(|dataset| !dataset.is_empty());
        let Origin { what, line, .. } = origin.clone();
        self.refused.push(Refused { from: what, line, why: why.into(), dataset });
    }

    /// Every check that was carried over.
    pub(crate) fn carried(&self) -> impl Iterator<Item = &Carried> {
        self.datasets.iter().flat_map(|dataset| &dataset.checks)
    }

    /// Datasets that are checked, and those they refer to.
    pub(crate) fn needed(&self) -> Vec<&Dataset> {
        let referred: Vec<&str> = self.carried().filter_map(|check| refers(&check.params)).collect();
        let needed =
            |dataset: &&Dataset| !dataset.checks.is_empty() || referred.contains(&dataset.name.as_str());
        self.datasets.iter().filter(needed).collect()
    }

    /// Keeps the dataset `name` alone; if there is only one, it is called so from now on. An error lists
    /// those there are.
    pub(super) fn choose(&mut self, name: &str) -> Result<(), Vec<String>> {
        let is_checked = |dataset: &Dataset| {
            let refused = self.refused.iter().any(|r| r.dataset.as_deref() == Some(&dataset.name));
            refused || !dataset.checks.is_empty()
        };
        let checked: Vec<String> =
            self.datasets.iter().filter(|d| is_checked(d)).map(|d| d.name.clone()).collect();
        let wanted =
            self.datasets.iter().find(|d| d.called == name || d.name == name).map(|d| d.name.clone());
        match (wanted, checked.as_slice()) {
            (Some(wanted), _) => {
                self.refused.retain(|r| r.dataset.as_ref().is_none_or(|dataset| *dataset == wanted));
                for dataset in self.datasets.iter_mut().filter(|dataset| dataset.name != wanted) {
                    dataset.checks.clear();
                }
                Ok(())
            }
            (None, [only]) => {
                self.rename(only, &usable(name));
                Ok(())
            }
            (None, _) => Err(checked),
        }
    }

    fn rename(&mut self, old: &str, new: &str) {
        for dataset in &mut self.datasets {
            for check in &mut dataset.checks {
                if let Some(Value::String(to)) =
                    check.params.get_mut("to").and_then(|to| to.get_mut("source"))
                    && to == old
                {
                    new.clone_into(to);
                }
            }
            if dataset.name == old {
                new.clone_into(&mut dataset.name);
            }
        }
        for refused in &mut self.refused {
            if refused.dataset.as_deref() == Some(old) {
                refused.dataset = Some(new.to_owned());
            }
        }
    }
}

/// The dataset that a check refers to.
fn refers(params: &Map<String, Value>) -> Option<&str> {
    params.get("to")?.get("source")?.as_str()
}

/// A name as pipeline files take it: letters, digits and `_`.
fn usable(name: &str) -> String {
    let safe = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' });
    let name: String = safe.take(80).collect();
    let name = name.trim_matches(['_', '-']);
    if name.is_empty() { "dataset".into() } else { name.to_owned() }
}
