//! Sorted runs of keys that were put away.

use std::io;
use std::sync::Arc;

use super::runs::PARTITIONS;
use crate::room::Room;

pub(super) const KEY_BYTES: usize = size_of::<u128>();

/// A run of keys outside of memory, partition by partition.
#[derive(Debug, Clone)]
pub(super) struct Away {
    room: Arc<dyn Room>,
    /// Where each partition's keys are, and how many.
    partitions: Vec<(u64, usize)>,
}

impl Away {
    /// Puts the keys of each partition away.
    pub(super) fn put(settled: &[Vec<u128>], room: &Arc<dyn Room>) -> io::Result<Self> {
        let mut partitions = Vec::with_capacity(PARTITIONS);
        for keys in settled {
            let bytes: Vec<u8> = to_bytes(keys).collect();
            partitions.push((room.put(&bytes)?, keys.len()));
        }
        Ok(Self { room: Arc::clone(room), partitions })
    }

    /// The keys of a partition, in order.
    pub(super) fn partition(&self, at: usize) -> io::Result<Vec<u128>> {
        let Some((start, keys)) = self.partitions.get(at) else { return Ok(Vec::new()) };
        Ok(from_bytes(&self.room.get(*start, keys * KEY_BYTES)?))
    }
}

/// Keys as they are put away.
pub(super) fn to_bytes(keys: &[u128]) -> impl Iterator<Item = u8> {
    keys.iter().flat_map(|key| key.to_le_bytes())
}

/// Keys that were put away.
pub(super) fn from_bytes(bytes: &[u8]) -> Vec<u128> {
    let (keys, _) = bytes.as_chunks::<KEY_BYTES>();
    keys.iter().map(|key| u128::from_le_bytes(*key)).collect()
}
