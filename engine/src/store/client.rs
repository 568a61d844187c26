//! One store, and the one place that every call to it goes through.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::multipart::MultipartStore;
use object_store::path::Path;

use super::address::Scheme;
use super::build::Backend;
use super::failure;
use super::hook::{Hook, Op};
use super::io::Io;
use super::local;
use super::settings::Secrets;
use super::tries::Tries;
use crate::error::{Error, Result};

/// A store with what its calls need.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) scheme: Scheme,
    pub(super) root: Arc<str>,
    pub(super) backend: Backend,
    pub(super) secrets: Arc<Secrets>,
    pub(super) io: Io,
    pub(super) hook: Option<Arc<dyn Hook>>,
}

impl Client {
    /// Does `work`, unless the hook forbids it. It is done again if the exchange breaks off, so it must be something
    /// that may be done twice; the client itself repeats what was refused, and only some of what broke off.
    pub(super) async fn call<T, F: Future<Output = object_store::Result<T>>>(
        &self,
        op: Op,
        path: &Path,
        mut work: impl FnMut() -> F,
    ) -> object_store::Result<T> {
        let work = async {
            let mut tries = Tries::new(self.backend.retry);
            // On a disk, another process may delete the folder that was just made, as it finds it empty.
            let mut folders = 0..if self.scheme == Scheme::Local && op.puts() { local::TRIES } else { 0 };
            loop {
                match work().await {
                    Err(error) if failure::is_absent(&error) && folders.next().is_some() => {}
                    Err(error) if failure::broke_off(&error) => match tries.again() {
                        Some(wait) => {
                            self.backend.traffic.broke_off();
                            let error = self.secrets.scrub(&error.to_string());
                            tracing::info!(?op, %path, error, ?wait, "a call broke off and is made again");
                            tokio::time::sleep(wait).await;
                        }
                        None => return Err(error),
                    },
                    done => return done,
                }
            }
        };
        self.call_once(op, path, work).await
    }

    /// Does `work` once, unless the hook forbids it.
    pub(super) async fn call_once<T>(
        &self,
        op: Op,
        path: &Path,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> object_store::Result<T> {
        if let Some(hook) = &self.hook {
            hook.before(op, path.as_ref())?;
        }
        let done = work.await?;
        if let Some(hook) = &self.hook {
            hook.after(op, path.as_ref())?;
        }
        Ok(done)
    }

    /// Does blocking `work` on the local disk, unless the hook forbids it.
    pub(super) async fn call_local<T: Send + 'static>(
        &self,
        op: Op,
        path: &Path,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> object_store::Result<T> {
        self.call_once(op, path, self.blocking(work)).await
    }

    /// Does blocking `work` on the local disk as part of a call.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> object_store::Result<T> {
        self.io.blocking(work).await.map_err(failed)
    }

    /// [`Self::call_local`] on the calling thread, which may block.
    pub(super) fn call_here<T>(
        &self,
        op: Op,
        path: &Path,
        work: impl FnOnce() -> std::io::Result<T>,
    ) -> object_store::Result<T> {
        if let Some(hook) = &self.hook {
            hook.before(op, path.as_ref())?;
        }
        let done = work().map_err(failed)?;
        if let Some(hook) = &self.hook {
            hook.after(op, path.as_ref())?;
        }
        Ok(done)
    }

    /// What went wrong when `attempted` (as in "read") met `path`.
    pub(super) fn explain(&self, error: &object_store::Error, attempted: &str, path: &Path) -> Error {
        failure::explain(error, attempted, &self.uri(path), &self.secrets)
    }

    /// The multipart interface of a store that is not a local disk.
    pub(super) fn uploads(&self) -> Result<&dyn MultipartStore> {
        self.backend
            .uploads
            .as_deref()
            .ok_or_else(|| Error::defect("a local disk was asked for a multipart upload"))
    }

    /// The address of `path`, which never holds a secret.
    pub(super) fn uri(&self, path: &Path) -> String {
        format!("{}/{path}", self.root)
    }

    /// Where `path` is on the local disk, if this is one.
    pub(super) fn file(&self, path: &Path) -> Option<PathBuf> {
        (self.scheme == Scheme::Local).then(|| PathBuf::from(format!("/{path}")))
    }
}

fn failed(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local disk", source: Box::new(error) }
}
