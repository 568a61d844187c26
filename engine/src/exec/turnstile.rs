//! Lets batches that arrive in any order through in their own order, one at a time, without blocking.
//!
//! A worker that arrives early leaves its item and goes on to other work; the worker that holds the
//! turn takes waiting items through as their turns come. Nobody waits on a lock while work is done.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Position of a batch in a stream: the task that produced it, then its number within the task.
///
/// Every task ends with exactly one ticket whose `last` is set, so that the number of batches of a task
/// need not be known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// Task, from 0 without gaps.
    pub task: u64,
    /// Batch within the task, from 0 without gaps.
    pub part: u64,
    /// Whether the task's batches end with this one.
    pub last: bool,
}

impl Ticket {
    fn position(self) -> (u64, u64) {
        (self.task, self.part)
    }

    fn next(self) -> (u64, u64) {
        if self.last { (self.task + 1, 0) } else { (self.task, self.part + 1) }
    }
}

/// The turnstile itself, for items of type `T`.
#[derive(Debug)]
pub struct Turnstile<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    next: (u64, u64),
    waiting: BTreeMap<(u64, u64), (Ticket, T)>,
    held: bool,
}

impl<T> Default for Turnstile<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { next: (0, 0), waiting: BTreeMap::new(), held: false }) }
    }
}

impl<T> Turnstile<T> {
    /// Leaves `item` and, if the turn is free, takes every item through whose turn has come.
    ///
    /// `turn` runs for one item at a time, in ticket order. After it failed once, no item passes any more.
    pub fn pass<E>(
        &self,
        ticket: Ticket,
        item: T,
        mut turn: impl FnMut(Ticket, T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.lock();
        state.waiting.insert(ticket.position(), (ticket, item));
        if state.held {
            return Ok(());
        }
        state.held = true;
        loop {
            let next = state.next;
            let Some((ticket, item)) = state.waiting.remove(&next) else {
                state.held = false;
                return Ok(());
            };
            drop(state);
            turn(ticket, item)?;
            state = self.lock();
            state.next = ticket.next();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tickets(parts: &[u64]) -> Vec<Ticket> {
        let task = |(task, count): (usize, &u64)| {
            let count = *count;
            (0..count).map(move |part| Ticket { task: task as u64, part, last: part + 1 == count })
        };
        parts.iter().enumerate().flat_map(task).collect()
    }

    proptest! {
        #[test]
        fn items_pass_in_ticket_order_whatever_the_order_of_arrival(
            parts in prop::collection::vec(1u64..4, 1..8), seed in any::<u64>()
        ) {
            let expected = tickets(&parts);
            let mut arrivals = expected.clone();
            arrivals.sort_by_key(|t| (t.task * 31 + t.part).wrapping_mul(seed | 1) >> 7);
            let turnstile = Turnstile::default();
            let mut passed = Vec::new();
            for ticket in arrivals {
                turnstile.pass(ticket, (), |ticket, ()| { passed.push(ticket); Ok::<_, ()>(()) }).unwrap();
            }
            prop_assert_eq!(passed, expected);
        }
    }

    #[test]
    fn only_one_item_is_in_its_turn_at_a_time() {
        let turnstile = Turnstile::default();
        let inside = std::sync::atomic::AtomicU32::new(0);
        let total = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for worker in 0..4u64 {
                let (turnstile, inside, total) = (&turnstile, &inside, &total);
                scope.spawn(move || {
                    for task in (worker..200).step_by(4) {
                        let ticket = Ticket { task, part: 0, last: true };
                        turnstile
                            .pass(ticket, task, |_, task| {
                                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                                total.lock().unwrap().push(task);
                                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                                Ok::<_, ()>(())
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(*total.lock().unwrap(), (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_passes_after_a_failed_turn() {
        let turnstile = Turnstile::default();
        let at = |task| Ticket { task, part: 0, last: true };
        assert_eq!(turnstile.pass(at(0), (), |_, ()| Err("no")), Err("no"));
        let mut passed = false;
        turnstile
            .pass(at(1), (), |_, ()| {
                passed = true;
                Ok::<_, ()>(())
            })
            .unwrap();
        assert!(!passed);
    }
}
