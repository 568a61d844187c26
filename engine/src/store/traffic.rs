//! The requests that go to stores, counted with those that failed, whoever makes them again: the client of the
//! `object_store` crate, or Lockgate.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use serde::{Deserialize, Serialize};

/// Requests until now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// So many were sent.
    pub sent: u64,
    /// How many of these failed in a way that may pass: by the status they were answered with, or `no reply`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u64>,
    /// How often a call was begun again whose reply broke off.
    #[serde(default)]
    pub broke_off: u64,
}

impl Requests {
    /// Whether nothing was sent.
    pub fn is_none(&self) -> bool {
        self.sent == 0
    }
}

/// Counts requests. Cloning shares the counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    sent: Arc<AtomicU64>,
    failed: Arc<Mutex<BTreeMap<String, u64>>>,
    broke_off: Arc<AtomicU64>,
}

impl Traffic {
    /// The counts until now.
    pub(super) fn read(&self) -> Requests {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Requests { sent: of(&self.sent), failed, broke_off: of(&self.broke_off) }
    }

    /// A call is begun again, as its reply did not come to its end.
    pub(super) fn broke_off(&self) {
        self.broke_off.fetch_add(1, Ordering::Relaxed);
    }

    fn failed_with(&self, how: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed.entry(how.to_owned()).or_default() += 1;
    }
}

impl HttpConnector for Traffic {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Counted { client, traffic: self.clone() }))
    }
}

/// A client whose requests are counted.
#[derive(Debug)]
struct Counted {
    client: HttpClient,
    traffic: Traffic,
}

impl HttpService for Counted {
    fn call<'s, 'c>(&'s self, request: HttpRequest) -> BoxFuture<'c, Result<HttpResponse, HttpError>>
    where
        's: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            self.traffic.sent.fetch_add(1, Ordering::Relaxed);
            let reply = self.client.execute(request).await;
            match &reply {
                Ok(reply) if is_passing(reply.status().as_u16()) => {
                    self.traffic.failed_with(reply.status().as_str());
                }
                Ok(_) => {}
                Err(_) => self.traffic.failed_with("no reply"),
            }
            reply
        })
    }
}

/// Whether a status says that the same request may succeed later.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}
