//! Values as they should be.

pub mod between;
pub mod casing;
pub mod custom_sql;
pub mod eq;
pub mod expression;
pub mod format;
pub mod ge;
pub mod gt;
pub mod in_set;
pub mod le;
pub mod length;
pub mod lt;
pub mod nan_inf;
pub mod ne;
pub mod not_in_set;
pub mod not_regex;
pub mod regex;
pub mod type_conformance;
