//! Builds a client of the `object_store` crate for one bucket.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::multipart::MultipartStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::address::Scheme;
use super::settings::{Retry, Settings};
use super::traffic::Traffic;

/// The interfaces of one store.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) objects: Arc<dyn ObjectStore>,
    /// The same for what need not survive a power failure.
    pub(super) fleeting: Arc<dyn ObjectStore>,
    /// None on a local disk.
    pub(super) uploads: Option<Arc<dyn MultipartStore>>,
    /// How long to keep trying.
    pub(super) retry: Retry,
    /// What goes to it.
    pub(super) traffic: Traffic,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A client's own form may show its options.
        f.write_str("Backend")
    }
}

/// The store at `root`, an address without a key.
pub(super) fn backend(
    scheme: Scheme,
    root: &str,
    settings: &Settings,
    traffic: &Traffic,
) -> object_store::Result<Backend> {
    let retry = settings.retry;
    match scheme {
        Scheme::Local | Scheme::Memory => Ok(local()),
        Scheme::S3 => {
            let retry = with_attempts(retry, settings)?;
            let builder = AmazonS3Builder::new()
                .with_url(root)
                .with_client_options(client_options())
                .with_http_connector(traffic.clone());
            let builder =
                configure(builder, settings, &["aws_"], |builder, key: AmazonS3ConfigKey, value| {
                    builder.with_config(key, value)
                });
            Ok(remote(builder.with_retry(retry_config(retry)).build()?, retry, traffic))
        }
        Scheme::Gcs => {
            let builder = GoogleCloudStorageBuilder::new()
                .with_url(root)
                .with_client_options(client_options())
                .with_http_connector(traffic.clone());
            let prefixes = ["google_", "service_account"];
            let builder = configure(builder, settings, &prefixes, |builder, key: GoogleConfigKey, value| {
                builder.with_config(key, value)
            });
            Ok(remote(builder.with_retry(retry_config(retry)).build()?, retry, traffic))
        }
        Scheme::Azure => {
            let builder = MicrosoftAzureBuilder::new()
                .with_url(root)
                .with_client_options(client_options())
                .with_http_connector(traffic.clone());
            let builder = configure(builder, settings, &["azure_"], |builder, key: AzureConfigKey, value| {
                builder.with_config(key, value)
            });
            Ok(remote(builder.with_retry(retry_config(retry)).build()?, retry, traffic))
        }
    }
}

/// The local disk.
pub(super) fn local() -> Backend {
    Backend {
        objects: Arc::new(LocalFileSystem::new().with_fsync(true)),
        fleeting: Arc::new(LocalFileSystem::new()),
        uploads: None,
        retry: Retry::default(),
        traffic: Traffic::default(),
    }
}

/// A store whose uploads are multipart.
pub(super) fn remote<S: ObjectStore + MultipartStore>(store: S, retry: Retry, traffic: &Traffic) -> Backend {
    let store = Arc::new(store);
    let objects: Arc<dyn ObjectStore> = Arc::<S>::clone(&store);
    Backend { fleeting: Arc::clone(&objects), objects, uploads: Some(store), retry, traffic: traffic.clone() }
}

/// Applies every option that the store's builder understands.
fn configure<B, K: FromStr>(
    mut builder: B,
    settings: &Settings,
    prefixes: &[&str],
    apply: impl Fn(B, K, &str) -> B,
) -> B {
    for prefix in prefixes {
        for (name, value) in settings.options(prefix) {
            if let Ok(key) = name.parse() {
                builder = apply(builder, key, value);
            }
        }
    }
    builder
}

/// `retry` with the number of tries that AWS' own variable says.
fn with_attempts(retry: Retry, settings: &Settings) -> object_store::Result<Retry> {
    let mut options = settings.options("aws_");
    let Some((_, tries)) = options.find(|(name, _)| *name == "aws_max_attempts") else { return Ok(retry) };
    match tries.parse::<usize>() {
        Ok(tries) if tries > 0 => Ok(Retry { attempts: tries - 1, ..retry }),
        _ => Err(object_store::Error::Generic {
            store: "S3",
            source: format!("AWS_MAX_ATTEMPTS is {tries:?}, which is no number from 1").into(),
        }),
    }
}

fn client_options() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        // Time without a byte, and for one whole request: a part of 8 MiB over a slow line.
        .with_read_timeout(Duration::from_secs(30))
        .with_timeout(Duration::from_mins(3))
}

fn retry_config(retry: Retry) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: retry.first_wait,
            max_backoff: retry.longest_wait,
            // A wait is drawn between the first and `base` times the one before: half of that is twice it.
            base: 4.0,
        },
        max_retries: retry.attempts,
        retry_timeout: retry.deadline,
    }
}
