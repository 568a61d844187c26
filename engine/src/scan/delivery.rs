//! What the listing of a source says about its files.

use lockgate_rules::Delivery;

use super::Scan;

impl Scan {
    /// The files that are read: how many, how large, when the newest was written, and their partitions.
    pub fn delivery(&self) -> Delivery {
        let mut delivery = Delivery { files: self.files.len() as u64, ..Delivery::default() };
        for file in &self.files {
            delivery.sizes.push(file.entry.size);
            delivery.modified = delivery.modified.max(Some(file.entry.modified));
            for (name, value) in &file.partition {
                delivery.partitions.entry(name.clone()).or_default().insert(value.clone());
            }
        }
        delivery
    }
}
