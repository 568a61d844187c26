//! Rules made of other rules.

pub mod all_of;
pub mod any_of;
pub mod not;
pub mod when;
