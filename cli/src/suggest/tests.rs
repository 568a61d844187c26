//! What is suggested can be read as checks.
