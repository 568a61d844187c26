//! Keys of one or more columns as fixed-width words that are equal exactly when the rows' keys are.
//!
//! - Whole numbers, dates, times, booleans, floats and decimals are packed with their null into 64 bits
//!   if the values are small enough for that (a *narrow* key), else into 128 bits (a *wide* key). Which
//!   of the two a key gets depends on its value alone, so equal keys always get the same word. Packed
//!   keys are exact.
//! - Text, binary and whatever does not fit into 128 bits is hashed to 128 bits (xxh3). Two different
//!   keys then get the same word with a probability of about n² / 2¹²⁹ for n distinct keys: 5 in 10²⁴ for
//!   60 million.
//! - NaN equals NaN, −0 equals 0, and null equals null, unless the rows with a null are left out, as a
//!   join does, in which a null key matches nothing.
//!
//! Lists and structs cannot be keys.

mod dense;
mod encode;
mod lane;
mod layout;
mod set;
mod table;
#[cfg(test)]
mod tests;

pub use encode::{KeyEncoder, Keys, Part, Wide};
pub use set::{KeySet, Sharded};
pub use table::{Table, Word};
