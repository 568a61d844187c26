//! Where keys go that do not fit in memory. The caller gives it: this crate does no I/O.

use std::fmt::Debug;
use std::io;

/// Room for keys, beyond which they are put away.
pub trait Room: Debug + Send + Sync {
    /// Told how many bytes of keys are held; whether some of them have to be put away.
    fn is_full(&self, held: u64) -> bool;

    /// Puts bytes away; gives the position of the first.
    fn put(&self, bytes: &[u8]) -> io::Result<u64>;

    /// `len` bytes from a position on, as they were put away.
    fn get(&self, start: u64, len: usize) -> io::Result<Vec<u8>>;
}
