//! What opening a store needs: the base of relative paths, credentials and options, and patience.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How long to keep trying when a store answers with an error that may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Repetitions of one request.
    pub attempts: usize,
    /// Wait before the first repetition; doubled each time, on average where there is jitter.
    pub first_wait: Duration,
    /// Longest wait between two repetitions.
    pub longest_wait: Duration,
    /// No repetition begins later than this after the first request.
    pub deadline: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 8,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(10),
            deadline: Duration::from_secs(90),
        }
    }
}

/// Everything stores are opened with.
#[derive(Clone)]
pub struct Settings {
    /// Folder that relative local paths start from; absolute.
    pub base_dir: PathBuf,
    /// How long to keep trying.
    pub retry: Retry,
    options: BTreeMap<String, String>,
}

impl Settings {
    /// Settings for relative paths under `base_dir`, with those of `variables` that a store
    /// understands: `AWS_…`, `GOOGLE_…`, `AZURE_…` and `SERVICE_ACCOUNT`.
    pub fn new(base_dir: impl Into<PathBuf>, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let options = variables
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .collect();
        Self { base_dir: base_dir.into(), retry: Retry::default(), options }
    }

    /// The options whose lower-case name begins with `prefix`.
    pub(super) fn options(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.options
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values that must never be printed.
    pub(super) fn secrets(&self) -> Secrets {
        let mut values = Vec::new();
        for (name, value) in &self.options {
            if is_secret(name) {
                values.push(value.clone());
                values.extend(inner_secrets(value));
            }
            values.extend(credentials(value));
        }
        Secrets::new(values)
    }
}

const PREFIXES: [&str; 4] = ["aws_", "google_", "azure_", "service_account"];

/// Whether an option's value is a secret. Errs on the side of hiding.
fn is_secret(name: &str) -> bool {
    let public = ["path", "file", "url", "uri", "use_", "skip_", "checksum"];
    let secret =
        ["key", "secret", "token", "password", "sas", "credential", "signature", "connection_string"];
    secret.iter().any(|part| name.contains(part)) && !public.iter().any(|part| name.contains(part))
        || name.contains("sas_key")
}

/// Secrets within a JSON document, such as a service account's key, or within a connection string; what else
/// they say is none.
fn inner_secrets(value: &str) -> Vec<String> {
    match serde_json::from_str(value) {
        Ok(serde_json::Value::Object(fields)) => {
            let secret = fields.iter().filter(|(name, _)| is_secret(&name.to_ascii_lowercase()));
            secret.filter_map(|(_, field)| field.as_str().map(str::to_owned)).collect()
        }
        _ => {
            let fields = value.split(';').filter_map(|field| field.split_once('='));
            let secret = fields.filter(|(name, _)| is_secret(&name.to_ascii_lowercase()));
            secret.map(|(_, value)| value.to_owned()).collect()
        }
    }
}

/// The credentials within an address: user and password of `https://user:password@host`, and parameters such as
/// `?token=` and `?sig=`.
fn credentials(value: &str) -> Vec<String> {
    let Ok(address) = url::Url::parse(value) else { return Vec::new() };
    let user = [address.username(), address.password().unwrap_or_default()].map(str::to_owned);
    let parameters =
        address.query_pairs().filter(|(name, _)| is_secret(&name.to_ascii_lowercase()) || name == "sig");
    parameters.map(|(_, value)| value.into_owned()).chain(user).collect()
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets();
        let shown = |(name, value): (&String, &String)| {
            (name.clone(), if is_secret(name) { MASK.to_owned() } else { secrets.scrub(value) })
        };
        let shown: BTreeMap<_, _> = self.options.iter().map(shown).collect();
        f.debug_struct("Settings")
            .field("base_dir", &self.base_dir)
            .field("retry", &self.retry)
            .field("options", &shown)
            .finish()
    }
}

const MASK: &str = "***";

/// Values that are cut out of every message.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    fn new(mut values: Vec<String>) -> Self {
        // Shorter ones would cut innocent words to pieces, and are no secret worth the name.
        values.retain(|value| value.len() >= 4);
        let encoded: Vec<_> = values
            .iter()
            .map(|v| percent_encoding::utf8_percent_encode(v, percent_encoding::NON_ALPHANUMERIC).to_string())
            .collect();
        values.extend(encoded);
        // A secret that contains another goes first, or its rest would stay.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self(values)
    }

    /// `text` without secrets, nor signatures in its addresses.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for value in &self.0 {
            if clean.contains(value.as_str()) {
                clean = clean.replace(value.as_str(), MASK);
            }
        }
        for parameter in ["sig=", "X-Amz-Signature=", "X-Goog-Signature=", "X-Amz-Security-Token="] {
            clean = mask_parameter(&clean, parameter);
        }
        clean
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

fn mask_parameter(text: &str, parameter: &str) -> String {
    let mut pieces = text.split(parameter);
    let mut clean = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| c == '&' || c.is_whitespace() || c == '"').unwrap_or(piece.len());
        clean.push_str(parameter);
        clean.push_str(MASK);
        clean.push_str(&piece[end..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted() -> Settings {
        let variables = [
            ("AWS_SECRET_ACCESS_KEY", "hunter2/+="),
            ("AWS_REGION", "eu-west-1"),
            ("AZURE_STORAGE_SAS_KEY", "sv=2020&sig=deadbeef"),
            (
                "GOOGLE_SERVICE_ACCOUNT_KEY",
                r#"{"private_key":"BEGIN PRIVATE","type":"service_account","token_uri":"https://x/token"}"#,
            ),
            ("AWS_ENDPOINT_URL", "https://planted-user@host/?x-token=planted%2Dtoken"),
            ("PATH", "/usr/bin"),
        ];
        Settings::new("/", variables.map(|(k, v)| (k.to_owned(), v.to_owned())))
    }

    #[test]
    fn debug_masks_every_secret_and_shows_the_rest() {
        let shown = format!("{:?}", planted());
        for secret in
            ["hunter2", "deadbeef", "BEGIN PRIVATE", "planted-user", "planted%2Dtoken", "planted-token"]
        {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("eu-west-1"));
        assert!(!shown.contains("/usr/bin"));
    }

    #[test]
    fn scrubbing_removes_secrets_plain_encoded_and_nested() {
        let text = "GET https://x/token?k=hunter2%2F%2B%3D&sig=abc%2F &j=BEGIN PRIVATE hunter2/+= end";
        assert_eq!(planted().secrets().scrub(text), "GET https://x/token?k=***&sig=*** &j=*** *** end");
    }
}
