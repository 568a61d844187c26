//! The commit against its promise, with the process killed at every call.

mod crash;
mod protocol;
mod world;
