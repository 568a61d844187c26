//! The threads that wait for stores.
//!
//! Computing happens on rayon's threads, which call [`Io::block_on`]; waiting happens here.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// A handle on the runtime that does all input and output. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Io {
    handle: Handle,
    _runtime: Arc<Owned>,
}

#[derive(Debug)]
struct Owned(Option<Runtime>);

impl Drop for Owned {
    fn drop(&mut self) {
        // The last handle may be dropped by a task of the runtime itself, which must not wait for it.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Io {
    /// A runtime of `threads` threads, at least one.
    pub fn new(threads: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("lockgate-io")
            .enable_all()
            .build()
            .map_err(|e| Error::unavailable("could not start the input and output threads").because(e))?;
        Ok(Self { handle: runtime.handle().clone(), _runtime: Arc::new(Owned(Some(runtime))) })
    }

    /// Waits for `work` on the calling thread, which must not be one of this runtime's own.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.handle.block_on(work)
    }

    /// Runs `work` in the background.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(work)
    }

    /// Runs a blocking `work` on a thread set aside for it.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> std::io::Result<T> {
        self.handle.spawn_blocking(work).await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
    }
}
