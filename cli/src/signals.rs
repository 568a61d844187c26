//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the process at once.
//!
//! The signals are held back from every thread and taken by one that waits for them, so that no handler
//! ever interrupts a call.

use std::thread;

use lockgate_engine::{Cancel, Error, Result};
use nix::sys::signal::{SigSet, Signal};

use crate::exit;
use crate::screen::Screen;

/// Signals held back from this thread and all it starts from now on.
pub(crate) struct Held(SigSet);

/// Holds the signals back; call it before other threads start.
pub(crate) fn hold() -> Result<Held> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals
        .thread_block()
        .map(|()| Held(signals))
        .map_err(|error| Error::defect("holding back signals").because(error))
}

impl Held {
    /// Passes the signals on to `cancel` from now on.
    pub(crate) fn pass_to(self, cancel: Cancel, screen: &Screen) -> Result<()> {
        let screen = screen.clone();
        let listen = move || {
            let Ok(first) = self.0.wait() else { return };
            cancel.request(first as i32);
            screen.tell("stopping; nothing will be published (once more ends at once)");
            if let Ok(second) = self.0.wait() {
                screen.clear();
                exit::at_once(second as i32);
            }
        };
        match thread::Builder::new().name("signals".into()).spawn(listen) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::unavailable("starting a thread for signals").because(error)),
        }
    }
}
