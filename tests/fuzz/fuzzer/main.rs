//! The fuzzer of the kind of input that `LOCKGATE_FUZZ` names; `tests/fuzz/run` builds and runs it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use lockgate_fuzz::{Target, target};

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<&Target> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("LOCKGATE_FUZZ").unwrap_or_default();
        target(&name).unwrap_or_else(|| unreachable!("LOCKGATE_FUZZ names no kind of input"))
    });
    (target.try_on)(data);
});
