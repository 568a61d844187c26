//! A store that fails on purpose: an HTTP/1.1 proxy before a real server.
//!
//! A [`Plan`] says which requests meet which [`Fault`]; everything else passes with its head unchanged, so that
//! signatures hold. It keeps whole messages in memory and is made for tests on one machine: no TLS, no `Expect`,
//! no pipelining.

mod message;
mod plan;
mod proxy;

pub use plan::{End, Fault, Plan, Rule};
pub use proxy::{Proxy, Seen};

#[cfg(test)]
mod tests;
