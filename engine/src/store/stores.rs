//! Opens addresses. One client a bucket, shared by everything that is opened there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::memory::InMemory;
use object_store::path::Path;

use super::address::{Address, Scheme};
use super::build::{self, Backend};
use super::client::Client;
use super::failure;
use super::hook::Hook;
use super::io::Io;
use super::location::Location;
use super::settings::{Secrets, Settings};
use super::traffic::{Requests, Traffic};
use crate::error::{Error, Kind, Result};

/// The stores of a run. Cloning is cheap and shares the clients.
#[derive(Clone, Debug)]
pub struct Stores {
    settings: Arc<Settings>,
    secrets: Arc<Secrets>,
    io: Io,
    hook: Option<Arc<dyn Hook>>,
    traffic: Traffic,
    backends: Arc<Mutex<HashMap<String, Backend>>>,
}

impl Stores {
    /// Stores opened with `settings`, whose calls wait on `io`.
    pub fn new(settings: Settings, io: Io) -> Self {
        let secrets = Arc::new(settings.secrets());
        let settings = Arc::new(settings);
        Self { settings, secrets, io, hook: None, traffic: Traffic::default(), backends: Arc::default() }
    }

    /// The same stores, with every call reported to `hook`.
    #[must_use]
    pub fn with_hook(&self, hook: Option<Arc<dyn Hook>>) -> Self {
        Self { hook, ..self.clone() }
    }

    /// The requests that went to stores until now, over the network.
    pub fn requests(&self) -> Requests {
        self.traffic.read()
    }

    /// The runtime the calls wait on.
    pub fn io(&self) -> &Io {
        &self.io
    }

    /// Opens an address: a local path, `file://`, `s3://`, `gs://`, `az://`, `abfss://`, or `memory://`,
    /// which lasts as long as these stores. Nothing is contacted yet.
    pub fn open(&self, uri: &str) -> Result<Location> {
        let address = Address::parse(uri, &self.settings.base_dir)?;
        let client = self.client(&address)?;
        Ok(Location::new(client, address.path))
    }

    fn client(&self, address: &Address) -> Result<Arc<Client>> {
        let mut backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        let backend = if let Some(backend) = backends.get(&address.root) {
            backend.clone()
        } else {
            let backend = self.build(address)?;
            backends.insert(address.root.clone(), backend.clone());
            backend
        };
        Ok(Arc::new(Client {
            scheme: address.scheme,
            root: address.root.as_str().into(),
            backend,
            secrets: Arc::clone(&self.secrets),
            io: self.io.clone(),
            hook: self.hook.clone(),
        }))
    }

    fn build(&self, address: &Address) -> Result<Backend> {
        if address.scheme == Scheme::Memory {
            return Ok(build::remote(InMemory::new(), self.settings.retry, &self.traffic));
        }
        build::backend(address.scheme, &address.root, &self.settings, &self.traffic).map_err(|e| {
            let explained = failure::explain(&e, "open", &address.root, &self.secrets);
            // Nothing was contacted: whatever is amiss, it is in the options.
            let detail = std::error::Error::source(&explained).map(ToString::to_string).unwrap_or_default();
            Error::new(Kind::Wrong, format!("the options for {} are not usable", address.root))
                .hint("check the AWS_, GOOGLE_ or AZURE_ variables that are set")
                .because(detail)
        })
    }
}

impl Location {
    pub(super) fn new(client: Arc<Client>, path: Path) -> Self {
        Self { client, path }
    }
}
