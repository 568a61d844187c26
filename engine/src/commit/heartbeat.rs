//! Shows other processes that this run lives.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::store::Location;

/// Rewrites an entry from time to time until it is stopped.
pub(super) struct Heartbeat {
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Rewrites `entry` with `content` every `interval`.
    pub(super) fn start(entry: Location, content: Bytes, interval: Duration) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let io = entry.io().clone();
        let task = io.spawn(async move {
            loop {
                tokio::select! {
                    _ = &mut stopped => return,
                    () = tokio::time::sleep(interval) => {}
                }
                match entry.head().await {
                    // Somebody took this run for dead; the journal will tell.
                    Ok(None) => return,
                    Ok(Some(_)) => {
                        if let Err(error) = entry.put(content.clone()).await {
                            tracing::warn!(%error, "a heartbeat failed");
                        }
                    }
                    Err(error) => tracing::warn!(%error, "a heartbeat failed"),
                }
            }
        });
        Self { stop: Some(stop), task: Some(task) }
    }

    /// Stops, and waits until nothing more is written.
    pub(super) async fn stop(&mut self) {
        self.stop = None;
        if let Some(task) = self.task.take() {
            // A task that failed writes nothing either.
            let _ = task.await;
        }
    }
}
