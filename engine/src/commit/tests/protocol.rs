//! Runs beside and after one another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::super::*;
use super::world::{Files, Gate, Job, Kind, World, files_in, holder};
use crate::error::Kind as Failure;
use crate::history;
use crate::store::{Hook, Io, Op, Stores};

const KINDS: [Kind; 2] = [Kind::Memory, Kind::Disk];

fn started(world: &World, run_id: &str, machine: &str) -> Box<Session> {
    let request = world.request(&world.stores, run_id, machine);
    match world.stores.io().block_on(Session::begin(&world.stores, request)).unwrap() {
        Begun::Started(session) => session,
        Begun::AlreadyPublished(record) => unreachable!("{record}"),
    }
}

#[test]
fn the_same_run_again_is_a_no_op() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let job = Job::new("one", WriteMode::Append, &[("d=1", 1)]);
        world.run(&world.stores, &job).unwrap();
        let before = world.everything();
        world.run(&world.stores, &job).unwrap();
        assert_eq!(world.everything(), before);
        let home = world.home(&world.stores);
        let record = io.block_on(history::find_run(&home, "orders", "one")).unwrap().unwrap();
        assert_eq!(record["status"], "published");
        assert!(io.block_on(history::find_run(&home, "orders", "two")).unwrap().is_none());
    }
}

#[test]
fn a_run_that_died_with_its_record_put_is_not_done_before_the_rest_is() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let old = Job::new("one", WriteMode::Replace, &[("d=1", 2)]);
        let new = Job::new("two", WriteMode::Replace, &[("d=1", 1)]);
        world.run(&world.stores, &old).unwrap();
        let hook: Arc<dyn Hook> = Arc::new(DiesAfterRecord::default());
        world.run(&world.stores.with_hook(Some(hook)), &new).unwrap_err();
        assert!(world.is_recorded("two"));
        assert_eq!(world.visible().0.len(), 3, "what is replaced is still there");
        // Another machine cannot tell yet whether it lives.
        let request = world.request(&world.stores, "two", "b");
        let Err(error) = io.block_on(Session::begin(&world.stores, request)) else { panic!("it is done") };
        assert_eq!(error.kind(), Failure::Conflict);
        for recovered in world.recover(&world.stores).unwrap() {
            assert_eq!(recovered.action.unwrap(), Action::Finished);
        }
        assert_eq!(world.visible(), (new.files(), true));
    }
}

#[test]
fn what_a_run_reads_that_is_done_again_after_it_was_forgotten_is_known() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let (dataset, home) = (world.dataset(&world.stores), world.home(&world.stores));
        let one = Job::new("one", WriteMode::Append, &[("d=1", 1)]);
        world.run(&world.stores, &Job { ruling: Gate::Closed, ..one.clone() }).unwrap();
        world.run(&world.stores, &Job::new("two", WriteMode::Append, &[("d=2", 1)])).unwrap();
        let now = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        let retention = history::Retention {
            before: now,
            now,
            datasets: &[(dataset.folder().to_string(), dataset.clone())].into(),
            named: &["nobody".to_owned()].into(),
            dry_run: false,
        };
        let cleaned = io.block_on(history::clean(&home, "orders", &retention)).unwrap();
        let forgotten: Vec<_> = cleaned.runs.iter().map(|run| (run.run_id.as_str(), run.attempt)).collect();
        assert_eq!(forgotten, [("one", 1)]);
        let read = || -> Vec<String> {
            let known = io.block_on(history::published_inputs(&home, "orders")).unwrap();
            known.into_iter().map(|input| input.path).collect()
        };
        assert_eq!(read(), ["two"]);
        // Stores keep time to the millisecond at best.
        std::thread::sleep(Duration::from_millis(5));
        world.run(&world.stores, &one).unwrap();
        assert_eq!(read(), ["one", "two"]);
    }
}

/// Lets every call fail that comes after a run record is put.
#[derive(Debug, Default)]
struct DiesAfterRecord(AtomicBool);

impl Hook for DiesAfterRecord {
    fn before(&self, op: Op, path: &str) -> object_store::Result<()> {
        if self.0.load(Ordering::SeqCst) {
            return Err(object_store::Error::Generic { store: "test", source: "killed".into() });
        }
        if op == Op::PutCreate && path.ends_with("/record.json") {
            self.0.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn after(&self, _: Op, _: &str) -> object_store::Result<()> {
        Ok(())
    }
}

#[test]
fn of_two_runs_on_one_partition_the_second_is_told_by_whom_it_is_held() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let dataset = world.dataset(&world.stores);
        let one = started(&world, "one", "a");
        let two = started(&world, "two", "b");
        io.block_on(async {
            one.claim(&dataset, "d=1", WriteMode::Append).await.unwrap();
            one.claim(&dataset, "d=1", WriteMode::Append).await.unwrap();
            two.claim(&dataset, "d=2", WriteMode::Append).await.unwrap();
            let error = two.claim(&dataset, "d=1", WriteMode::Append).await.unwrap_err();
            assert_eq!(error.kind(), Failure::Conflict);
            assert!(error.message().contains("run one (process 1 on a)"), "{error}");
            one.abandon(None).await.unwrap();
            two.claim(&dataset, "d=1", WriteMode::Append).await.unwrap();
            two.abandon(None).await.unwrap();
        });
        assert_eq!(world.everything(), Files::new());
    }
}

#[test]
fn of_many_runs_on_one_partition_exactly_one_wins() {
    let io = Io::new(4).unwrap();
    for kind in KINDS {
        let world = Arc::new(World::new(kind, &io));
        // A dead run holds the claim, so that they all must take it over.
        let dead = started(&world, "dead", "z");
        let dataset = world.dataset(&world.stores);
        io.block_on(dead.claim(&dataset, "d=1", WriteMode::Append)).unwrap();
        drop(dead);
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let world = Arc::clone(&world);
                std::thread::spawn(move || {
                    let mut request = world.request(&world.stores, &format!("run{n}"), &format!("m{n}"));
                    request.patience.lease = Duration::from_mins(10);
                    let dataset = world.dataset(&world.stores);
                    world.stores.io().block_on(async {
                        let Begun::Started(session) = Session::begin(&world.stores, request).await.unwrap()
                        else {
                            unreachable!()
                        };
                        let taken = session.claim(&dataset, "d=1", WriteMode::Append).await;
                        (session, taken)
                    })
                })
            })
            .collect();
        let sessions: Vec<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
        assert!(sessions.iter().all(|(_, taken)| taken.is_err()), "the dead one's lease is not over");
        for (session, _) in sessions {
            io.block_on(session.abandon(None)).unwrap();
        }
        world.recover(&world.stores).unwrap();
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let world = Arc::clone(&world);
                std::thread::spawn(move || {
                    let session = started(&world, &format!("again{n}"), &format!("m{n}"));
                    let dataset = world.dataset(&world.stores);
                    let claim = session.claim(&dataset, "d=1", WriteMode::Append);
                    let taken = world.stores.io().block_on(claim);
                    (session, taken)
                })
            })
            .collect();
        let sessions: Vec<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
        assert_eq!(sessions.iter().filter(|(_, taken)| taken.is_ok()).count(), 1);
        for (session, _) in sessions {
            io.block_on(session.abandon(None)).unwrap();
        }
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

/// Where a run puts its state: between its new files and the end of those they replace.
const STATE: &str = "/states/";

/// Stops a run where it puts what is at a place.
#[derive(Debug)]
struct Stops {
    at: &'static str,
    reached: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl Stops {
    /// The stores in which runs stop, who hears of it, and who lets them go on.
    fn at(world: &World, at: &'static str) -> (Stores, Receiver<()>, Sender<()>) {
        let ((reached, is_reached), (go_on, goes_on)) = (channel(), channel());
        let stops = Self { at, reached: Mutex::new(reached), go_on: Mutex::new(goes_on) };
        (world.stores.with_hook(Some(Arc::new(stops))), is_reached, go_on)
    }
}

impl Hook for Stops {
    fn before(&self, op: Op, path: &str) -> object_store::Result<()> {
        if op == Op::Put && path.contains(self.at) {
            let _ = self.reached.lock().unwrap().send(());
            let _ = self.go_on.lock().unwrap().recv();
        }
        Ok(())
    }
}

#[test]
fn a_dataset_does_not_say_that_it_is_whole_while_another_run_publishes_to_it() {
    let io = Io::new(4).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let both = Job::new("old", WriteMode::Replace, &[("d=1", 1), ("d=2", 1)]);
        world.run(&world.stores, &both).unwrap();
        assert!(world.visible().1);
        let (stopped, is_reached, go_on) = Stops::at(&world, STATE);
        let (one, two) = (
            Job::new("one", WriteMode::Replace, &[("d=1", 1)]),
            Job::new("two", WriteMode::Replace, &[("d=2", 1)]),
        );
        std::thread::scope(|scope| {
            // Dropped where an assertion fails, so that nobody waits for ever.
            let go_on = go_on;
            let slow = scope.spawn(|| world.run(&stopped, &one));
            is_reached.recv().unwrap();
            world.run(&world.stores, &two).unwrap();
            let (files, whole) = world.visible();
            assert!(files.len() == 3 && !whole, "old and new files of d=1: {:?}", files.keys());
            go_on.send(()).unwrap();
            slow.join().unwrap().unwrap();
        });
        let new = two.applied_to(&one.applied_to(&both.applied_to(&Files::new())));
        assert_eq!(world.visible(), (new, true));
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn a_run_that_begins_to_publish_waits_for_one_that_is_about_to_say_that_all_is_whole() {
    let io = Io::new(4).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let (ending, ends, end) = Stops::at(&world, "/_SUCCESS");
        let (beginning, begun, go_on) = Stops::at(&world, STATE);
        let (one, two) = (
            Job::new("one", WriteMode::Replace, &[("d=1", 1)]),
            Job::new("two", WriteMode::Replace, &[("d=2", 1)]),
        );
        std::thread::scope(|scope| {
            let (end, go_on) = (end, go_on);
            let first = scope.spawn(|| world.run(&ending, &one));
            ends.recv().unwrap();
            let second = scope.spawn(|| world.run(&beginning, &two));
            let early = begun.recv_timeout(Duration::from_millis(300));
            assert!(early.is_err(), "it publishes while another may say that all is whole");
            end.send(()).unwrap();
            begun.recv().unwrap();
            first.join().unwrap().unwrap();
            assert!(!world.visible().1, "the second run publishes");
            go_on.send(()).unwrap();
            second.join().unwrap().unwrap();
        });
        assert_eq!(world.visible(), (two.applied_to(&one.applied_to(&Files::new())), true));
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn notes_of_runs_that_are_gone_are_in_nobodys_way_and_unreadable_ones_are_heeded() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let notes = world.dataset(&world.stores).state().join_path("publishing/orders").unwrap();
        let gone = json!({"version": 1, "attempt": {"pipeline": "orders", "run_id": "gone", "number": 1}, "home": "."});
        let put = |name: &str, content: &str| {
            io.block_on(notes.join(name).unwrap().put(content.to_owned())).unwrap();
        };
        put("gone.1.json", &gone.to_string());
        put("gone.1.0123456789abcdef.ends", &gone.to_string());
        let one = Job::new("one", WriteMode::Replace, &[("d=1", 1)]);
        world.run(&world.stores, &one).unwrap();
        assert_eq!(world.visible(), (one.applied_to(&Files::new()), true));
        assert_eq!(world.leftovers(), Vec::<String>::new());

        put("other.1.json", "{\"version\": 99}");
        world.run(&world.stores, &Job::new("two", WriteMode::Append, &[("d=2", 1)])).unwrap();
        assert!(!world.visible().1, "somebody else may be publishing");
        assert!(!world.leftovers().is_empty());
    }
}

#[test]
fn a_hundred_runs_on_different_partitions_all_publish() {
    let io = Io::new(4).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let jobs: Vec<Job> = (0..100)
            .map(|n| Job::new(&format!("run{n}"), WriteMode::Replace, &[(&format!("d={n}"), 1)]))
            .collect();
        std::thread::scope(|scope| {
            for job in &jobs {
                scope.spawn(|| world.run(&world.stores, job).unwrap());
            }
        });
        let all = jobs.iter().fold(Files::new(), |files, job| job.applied_to(&files));
        assert_eq!(world.visible(), (all, true));
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn a_run_that_was_taken_for_dead_cannot_publish_when_it_wakes_up() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let dataset = world.dataset(&world.stores);
        let sleeper = started(&world, "one", "a");
        io.block_on(sleeper.claim(&dataset, "d=1", WriteMode::Append)).unwrap();
        let recovered = world.recover(&world.stores).unwrap();
        assert_eq!(*recovered[0].action.as_ref().unwrap(), Action::Undone);
        let mut upload = sleeper.staging().upload(&dataset, "d=1/late.parquet").unwrap();
        upload.write("late".into()).unwrap();
        let files = vec![upload.finish().unwrap().wait().unwrap()];
        let output = Output {
            dataset,
            mode: WriteMode::Append,
            partitions: vec!["d=1".into()],
            files,
            taken: Vec::new(),
        };
        let error = io.block_on(sleeper.publish(vec![output], json!({}), Vec::new())).unwrap_err();
        assert_eq!(error.kind(), Failure::Conflict);
        assert_eq!(world.visible(), (Files::new(), false));
        assert_eq!(world.leftovers(), Vec::<String>::new());
        let job = Job::new("one", WriteMode::Append, &[("d=1", 1)]);
        world.run(&world.stores, &job).unwrap();
        assert_eq!(world.visible().0, job.files(), "a retry is another attempt");
    }
}

#[test]
fn the_same_run_twice_at_once_is_a_conflict() {
    let io = Io::new(2).unwrap();
    let world = World::new(Kind::Memory, &io);
    let one = started(&world, "one", "a");
    let again = world.request(&world.stores, "one", "b");
    let error = io.block_on(Session::begin(&world.stores, again)).err().unwrap();
    assert_eq!(error.kind(), Failure::Conflict);
    io.block_on(one.abandon(None)).unwrap();
    assert_eq!(world.everything(), Files::new());
}

#[test]
fn existing_data_is_an_error_if_asked() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        world.run(&world.stores, &Job::new("one", WriteMode::ErrorIfExists, &[("d=1", 1)])).unwrap();
        let again = Job::new("two", WriteMode::ErrorIfExists, &[("d=1", 1)]);
        assert_eq!(world.run(&world.stores, &again).unwrap_err().kind(), Failure::Wrong);
    }
}

#[test]
fn records_come_newest_first_and_published_inputs_are_known() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        for n in 0..5 {
            let ruling = if n == 3 { Gate::Closed } else { Gate::Open };
            let job = Job::new(&format!("run{n}"), WriteMode::Append, &[("d=1", 1)]);
            world.run(&world.stores, &Job { ruling, ..job }).unwrap();
        }
        let home = world.home(&world.stores);
        let runs = io.block_on(history::list_runs(&home, "orders", 3)).unwrap();
        let ids: Vec<_> = runs.iter().map(|run| run.attempt.run_id.as_str()).collect();
        assert_eq!(ids, ["run4", "run3", "run2"]);
        assert!(!runs[1].is_published());
        let inputs = io.block_on(history::published_inputs(&home, "orders")).unwrap();
        let paths: Vec<_> = inputs.iter().map(|input| input.path.as_str()).collect();
        assert_eq!(paths, ["run0", "run1", "run2", "run4"]);
    }
}

#[test]
fn a_live_run_is_left_alone_and_a_heartbeat_is_seen() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        let mut request = world.request(&world.stores, "one", "a");
        request.patience.heartbeat = Duration::from_millis(20);
        let Begun::Started(session) = io.block_on(Session::begin(&world.stores, request)).unwrap() else {
            unreachable!()
        };
        std::thread::sleep(Duration::from_millis(500));
        let judge = |lease| {
            let home = world.home(&world.stores);
            io.block_on(recover(&world.stores, &home, &holder("b"), lease, "test")).unwrap()
        };
        let found = judge(Duration::from_millis(400));
        assert_eq!(
            *found[0].action.as_ref().unwrap(),
            Action::Running,
            "its heartbeat is younger than itself"
        );
        io.block_on(session.abandon(None)).unwrap();
        assert!(judge(Duration::ZERO).is_empty());
    }
}

/// Counts calls.
#[derive(Debug, Default)]
struct Calls(AtomicUsize);

impl Hook for Calls {
    fn before(&self, _: Op, _: &str) -> object_store::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn every_partition_more_takes_the_same_number_of_calls() {
    let io = Io::new(2).unwrap();
    let calls = [10, 20, 30].map(|partitions| {
        let world = World::new(Kind::Disk, &io);
        let names: Vec<String> = (0..partitions).map(|n| format!("d={n}")).collect();
        let partitions: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let counted = Arc::new(Calls::default());
        let hook: Arc<dyn Hook> = Arc::<Calls>::clone(&counted);
        let job = Job::new("one", WriteMode::Replace, &partitions);
        world.run(&world.stores.with_hook(Some(hook)), &job).unwrap();
        counted.0.load(Ordering::SeqCst)
    });
    assert_eq!(calls[1] - calls[0], calls[2] - calls[1], "{calls:?}");
}

#[test]
fn a_run_that_leaves_no_file_leaves_no_folder() {
    let io = Io::new(2).unwrap();
    let world = World::new(Kind::Disk, &io);
    let dataset = world.dataset(&world.stores);
    let run = started(&world, "one", "a");
    io.block_on(run.claim(&dataset, "d=1", WriteMode::Append)).unwrap();
    let mut upload = run.staging().upload(&dataset, "d=1/x.parquet").unwrap();
    upload.write("x".into()).unwrap();
    upload.finish().unwrap().wait().unwrap();
    io.block_on(run.abandon(None)).unwrap();
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn files_that_two_runs_read_to_move_on_are_moved_by_one() {
    let io = Io::new(2).unwrap();
    for kind in KINDS {
        let world = World::new(kind, &io);
        world.run(&world.stores, &Job::new("old", WriteMode::Append, &[("q=1", 2)])).unwrap();
        let dataset = world.dataset(&world.stores);
        let taken = io.block_on(files_in(&dataset, "q=1")).unwrap();
        let sessions = [started(&world, "one", "a"), started(&world, "two", "b")];
        let published = sessions.map(|session| {
            let output = Output {
                dataset: dataset.clone(),
                mode: WriteMode::Append,
                partitions: Vec::new(),
                files: Vec::new(),
                taken: taken.clone(),
            };
            io.block_on(session.publish(vec![output], json!({"status": "published"}), Vec::new()))
        });
        let [one, two] = published;
        one.unwrap();
        let error = two.unwrap_err();
        assert_eq!(error.kind(), Failure::Conflict);
        assert!(error.message().contains("changed while it was read"), "{error}");
        assert_eq!(world.visible().0, Files::new());
    }
}
