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

#[cfg(test)]
pub(crate) use tests::Small;

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Room for some bytes of keys, and what was put away.
    #[derive(Debug)]
    pub(crate) struct Small {
        bytes: u64,
        away: Mutex<Vec<u8>>,
        times: Mutex<usize>,
    }

    impl Small {
        pub(crate) fn of(bytes: u64) -> Arc<Self> {
            Arc::new(Self { bytes, away: Mutex::default(), times: Mutex::default() })
        }

        /// How often something was put away.
        pub(crate) fn times(&self) -> usize {
            *self.times.lock().unwrap()
        }

        pub(crate) fn lose(&self) {
            self.away.lock().unwrap().clear();
        }
    }

    impl Room for Small {
        fn is_full(&self, held: u64) -> bool {
            held > self.bytes
        }

        fn put(&self, bytes: &[u8]) -> io::Result<u64> {
            let mut away = self.away.lock().unwrap();
            away.extend_from_slice(bytes);
            *self.times.lock().unwrap() += 1;
            Ok((away.len() - bytes.len()) as u64)
        }

        fn get(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
            let away = self.away.lock().unwrap();
            away.get(start as usize..start as usize + len)
                .map(<[u8]>::to_vec)
                .ok_or(io::ErrorKind::UnexpectedEof.into())
        }
    }
}
