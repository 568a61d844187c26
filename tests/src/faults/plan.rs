//! Which requests meet which fault. Decided from the plan alone: no clock, no randomness but a seed's.

use std::time::Duration;

use super::message::Message;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// It is answered with a status, and the store does not hear of it.
    Status {
        /// The status.
        code: u16,
        /// Seconds to wait before the next try, if the answer says so.
        retry_after: Option<u32>,
    },
    /// The connection ends, and the store does not hear of it.
    HangUp(End),
    /// The store carries it out, and the connection ends instead of a reply.
    LoseReply(End),
    /// Nothing is said until the client goes, and the store does not hear of it.
    Stall,
    /// The reply's body comes in small pieces and takes this long.
    Slow(Duration),
    /// The connection ends in the middle of the reply's body, or of its head if it has none.
    Truncate,
    /// One byte of the reply's body is another: the one at this share of its length.
    Corrupt(f64),
    /// From this request on nothing moves until [`super::Proxy::plan`] is called.
    Freeze {
        /// Whether the store carries this one out.
        applied: bool,
    },
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As if all was said.
    Close,
    /// With a reset.
    Reset,
}

/// Which requests of those that match.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Which {
    All,
    Nth(u64),
    First(u64),
    From(u64),
    Every(u64),
    Share { share: f64, seed: u64 },
}

/// A fault, and the requests that meet it: all, unless conditions are added.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    method: Option<&'static str>,
    target: Option<String>,
    header: Option<&'static str>,
    which: Which,
}

impl Rule {
    /// Every request meets `fault`.
    pub fn new(fault: Fault) -> Self {
        Self { fault, method: None, target: None, header: None, which: Which::All }
    }

    /// Only those of this method.
    #[must_use]
    pub fn method(self, method: &'static str) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Only those whose path and query contain `part`, as they are sent.
    #[must_use]
    pub fn target(self, part: &str) -> Self {
        Self { target: Some(part.to_owned()), ..self }
    }

    /// Only those with this header, whatever its value.
    #[must_use]
    pub fn header(self, name: &'static str) -> Self {
        Self { header: Some(name), ..self }
    }

    /// Of those that match only the `n`-th, from 1.
    #[must_use]
    pub fn nth(self, n: u64) -> Self {
        Self { which: Which::Nth(n), ..self }
    }

    /// Of those that match only the first `n`.
    #[must_use]
    pub fn first(self, n: u64) -> Self {
        Self { which: Which::First(n), ..self }
    }

    /// Of those that match the `n`-th, from 1, and all later ones.
    #[must_use]
    pub fn from(self, n: u64) -> Self {
        Self { which: Which::From(n), ..self }
    }

    /// Of those that match every `n`-th.
    #[must_use]
    pub fn every(self, n: u64) -> Self {
        Self { which: Which::Every(n), ..self }
    }

    /// Of those that match about this share, drawn by the seed.
    #[must_use]
    pub fn share(self, share: f64, seed: u64) -> Self {
        Self { which: Which::Share { share, seed }, ..self }
    }

    fn matches(&self, request: &Message) -> bool {
        self.method.is_none_or(|method| request.method() == method)
            && self.target.as_deref().is_none_or(|part| request.target().contains(part))
            && self.header.is_none_or(|name| request.header(name).is_some())
    }

    /// Whether the `n`-th request that matches, from 1, is meant.
    fn means(&self, n: u64) -> bool {
        match self.which {
            Which::All => true,
            Which::Nth(nth) => n == nth,
            Which::First(count) => n <= count,
            Which::From(nth) => n >= nth,
            Which::Every(period) => n.is_multiple_of(period),
            Which::Share { share, seed } => fraction(seed, n) < share,
        }
    }
}

/// Rules in order, each with how many requests have matched it. The first that means a request decides.
#[derive(Debug, Clone, Default)]
pub struct Plan(Vec<(Rule, u64)>);

impl Plan {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// The plan with one rule more.
    #[must_use]
    pub fn and(mut self, rule: Rule) -> Self {
        self.0.push((rule, 0));
        self
    }

    /// What happens to `request`, which is counted.
    pub(super) fn fault(&mut self, request: &Message) -> Option<Fault> {
        let mut fault = None;
        for (rule, matched) in &mut self.0 {
            if rule.matches(request) {
                *matched += 1;
                if rule.means(*matched) {
                    fault = fault.or(Some(rule.fault));
                }
            }
        }
        fault
    }
}

impl From<Rule> for Plan {
    fn from(rule: Rule) -> Self {
        Self::none().and(rule)
    }
}

/// A number from 0 to 1 that depends on the two and looks random (`SplitMix64`).
fn fraction(seed: u64, n: u64) -> f64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}
