//! The command line of Lockgate.
//!
//! What is typed becomes a request (`args`), a request is done by one command (`command`), what comes of
//! it is shown (`render`), or written as a report (`report`) or another page (`page`), and decides the exit
//! code (`exit`). This crate alone prints, reads the environment (`environment`), listens to signals
//! (`signals`) and ends the process; everything it knows about data it asks the engine.

mod args;
mod command;
mod describe;
mod environment;
mod exit;
mod failure;
mod import;
mod logs;
mod memory;
mod page;
mod render;
mod report;
mod screen;
mod session;
mod signals;
mod suggest;
mod usage;

use std::process::ExitCode;

fn main() -> ExitCode {
    memory::keep_freed();
    exit::keep_panics();
    let typed: Vec<_> = environment::arguments().collect();
    let request = match args::read(typed.iter().cloned()) {
        Ok(request) => request,
        Err(usage) => return exit::from_usage(&usage, args::show(&typed)),
    };
    let screen = screen::Screen::new(request.show);
    logs::start(request.show, &screen);
    let ended = exit::guard(|| command::perform(&request.work, &screen));
    exit::from(&ended, &screen)
}
