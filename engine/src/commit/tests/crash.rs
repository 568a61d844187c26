//! A run is killed at every single call in turn; then it is recovered; then it is run again.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use super::world::{Files, Gate, Job, Killer, Kind, World};
use crate::store::{Hook, Io};

/// A reader who never sees anything but the files before a job and after it, only one of them while the dataset
/// says it is whole, and always all that the newest run record names.
fn watch(world: &Arc<World>, old: &Files, job: &Job) -> impl Fn() + Send + Sync + use<> {
    let (world, old, job) = (Arc::clone(world), old.clone(), job.clone());
    let new = job.applied_to(&old);
    move || {
        let recorded_before = world.is_recorded(&job.run_id);
        let (_, whole_before) = world.visible();
        let (seen, whole_after) = world.visible();
        if recorded_before == world.is_recorded(&job.run_id) {
            let named = if recorded_before { &job.files() } else { &old };
            let gone: Vec<_> = named.keys().filter(|path| !seen.contains_key(*path)).collect();
            assert!(gone.is_empty(), "recorded: {recorded_before}, but gone: {gone:?}");
        }
        for (path, content) in &seen {
            let known = old.get(path).or_else(|| new.get(path));
            assert_eq!(known, Some(content), "{path} was never validated");
        }
        if whole_before && whole_after {
            assert!(seen == old || seen == new, "whole, but {:?}", seen.keys());
        }
    }
}

/// Kills `job` at call `at`, over what `before` left. False once the job has fewer calls.
fn kill_and_recover(kind: Kind, io: &Io, before: &[Job], job: &Job, at: usize, after: bool) -> bool {
    let world = Arc::new(World::new(kind, io));
    let mut old = Files::new();
    for job in before {
        world.run(&world.stores, job).unwrap();
        old = job.applied_to(&old);
    }
    let new = job.applied_to(&old);
    let killer = Killer::new(at, after, watch(&world, &old, job));
    let hook: Arc<dyn Hook> = Arc::<Killer>::clone(&killer);
    let outcome = world.run(&world.stores.with_hook(Some(hook)), job);
    let died = killer.has_killed();
    assert_eq!(outcome.is_err(), died, "{outcome:?}");
    lockgate_tests::tally("deaths at a call of the commit", usize::from(died));

    let medic = Killer::new(usize::MAX, false, watch(&world, &old, job));
    let hook: Arc<dyn Hook> = Arc::<Killer>::clone(&medic);
    for recovered in world.recover(&world.stores.with_hook(Some(hook))).unwrap() {
        recovered.action.unwrap();
    }
    let (seen, whole) = world.visible();
    assert!(seen == old || seen == new, "neither old nor new: {:?}", seen.keys());
    assert!(whole || seen.is_empty());
    assert_eq!(world.leftovers(), Vec::<String>::new());
    assert!(killer.may_lose_an_upload() || medic.open_uploads(&killer).is_empty());

    world.run(&world.stores, job).unwrap();
    let (seen, whole) = world.visible();
    assert_eq!(seen, new);
    assert!(whole || new.is_empty());
    assert_eq!(world.leftovers(), Vec::<String>::new());
    died
}

fn kill_everywhere(kind: Kind, before: &[Job], job: &Job, step: usize) {
    let io = Io::new(2).unwrap();
    for after in [false, true] {
        let mut at = 0;
        while kill_and_recover(kind, &io, before, job, at, after) {
            at += step;
        }
        assert!(at > 10, "the job has but {at} calls");
    }
}

fn first() -> Job {
    Job::new("one", WriteMode::Replace, &[("d=1", 2), ("d=2", 1)])
}

fn second(ruling: Gate) -> Job {
    Job { ruling, ..Job::new("two", WriteMode::Replace, &[("d=2", 1), ("d=3", 2)]) }
}

#[test]
fn killed_at_any_call_a_replacement_in_an_object_store_is_old_or_new() {
    kill_everywhere(Kind::Memory, &[first()], &second(Gate::Open), 1);
}

#[test]
fn killed_at_any_call_a_replacement_on_disk_is_old_or_new() {
    kill_everywhere(Kind::Disk, &[first()], &second(Gate::Open), 1);
}

#[test]
fn killed_at_any_call_files_are_moved_on_once_or_still_there() {
    let moved =
        Job { taken: Some("d=2".into()), ..Job::new("two", WriteMode::Append, &[("d=1", 1), ("d=3", 1)]) };
    for kind in [Kind::Memory, Kind::Disk] {
        kill_everywhere(kind, &[first()], &moved, 1);
        kill_everywhere(kind, &[first()], &Job { ruling: Gate::Closed, ..moved.clone() }, 1);
    }
}

#[test]
fn killed_at_any_call_a_closed_gate_leaves_the_old() {
    for kind in [Kind::Memory, Kind::Disk] {
        kill_everywhere(kind, &[first()], &second(Gate::Closed), 1);
        kill_everywhere(kind, &[first()], &second(Gate::Abandoned), 1);
    }
}

#[test]
fn killed_at_any_call_the_same_run_again_brings_it_to_its_end() {
    let io = Io::new(2).unwrap();
    for kind in [Kind::Memory, Kind::Disk] {
        for at in 0.. {
            let world = World::new(kind, &io).without_patience();
            world.run(&world.stores, &first()).unwrap();
            let new = second(Gate::Open).applied_to(&world.visible().0);
            let killer = Killer::new(at, true, || {});
            let hook: Arc<dyn Hook> = Arc::<Killer>::clone(&killer);
            let survived = world.run(&world.stores.with_hook(Some(hook)), &second(Gate::Open)).is_ok();
            world.run(&world.stores, &second(Gate::Open)).unwrap();
            assert_eq!(world.visible(), (new, true), "killed after call {at}");
            let mut left = world.leftovers();
            // On disk the folder of runs in flight may be there and empty; the next other run removes it.
            left.retain(|path| !path.ends_with("open"));
            assert_eq!(left, Vec::<String>::new(), "killed after call {at}");
            if survived {
                break;
            }
        }
    }
}

#[test]
fn killed_while_it_recovers_the_next_recovery_does_it() {
    let io = Io::new(2).unwrap();
    for at in 0.. {
        let mut later = 0;
        let mut first_survived = false;
        loop {
            let world = Arc::new(World::new(Kind::Memory, &io));
            world.run(&world.stores, &first()).unwrap();
            let (old, _) = world.visible();
            let new = second(Gate::Open).applied_to(&old);
            let killer = Killer::new(at, true, watch(&world, &old, &second(Gate::Open)));
            let hook: Arc<dyn Hook> = Arc::<Killer>::clone(&killer);
            first_survived |= world.run(&world.stores.with_hook(Some(hook)), &second(Gate::Open)).is_ok();
            let again = Killer::new(later, true, watch(&world, &old, &second(Gate::Open)));
            let hook: Arc<dyn Hook> = Arc::<Killer>::clone(&again);
            // Whatever comes of it, the next does it.
            let _ = world.recover(&world.stores.with_hook(Some(hook)));
            for recovered in world.recover(&world.stores).unwrap() {
                recovered.action.unwrap();
            }
            let (seen, whole) = world.visible();
            assert!((seen == old || seen == new) && whole, "{:?}", seen.keys());
            assert_eq!(world.leftovers(), Vec::<String>::new());
            if !again.has_killed() {
                break;
            }
            later += 1;
        }
        if first_survived {
            return;
        }
    }
}

fn jobs() -> impl Strategy<Value = (Job, Job)> {
    let mode = prop_oneof![Just(WriteMode::Replace), Just(WriteMode::Append)];
    let gate = prop_oneof![4 => Just(Gate::Open), 1 => Just(Gate::Closed), 1 => Just(Gate::Abandoned)];
    let partitions = || prop::collection::btree_map("d=[a-e]", 0usize..3, 1..4);
    (mode, gate, partitions(), partitions()).prop_map(|(mode, ruling, before, after)| {
        let job = |run_id: &str, mode, ruling, partitions: std::collections::BTreeMap<String, usize>| Job {
            run_id: run_id.into(),
            mode,
            partitions: partitions.into_iter().collect(),
            taken: None,
            ruling,
        };
        (job("one", WriteMode::Append, Gate::Open, before), job("two", mode, ruling, after))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_written_and_wherever_it_is_killed((before, job) in jobs(), at in 0usize..60, after: bool) {
        let io = Io::new(2).unwrap();
        kill_and_recover(Kind::Memory, &io, std::slice::from_ref(&before), &job, at, after);
        if at % 4 == 0 {
            kill_and_recover(Kind::Disk, &io, &[before], &job, at, after);
        }
    }
}
