//! A store's error becomes Lockgate's: what kind it is, what to do about it, and no secret in it.

use std::error::Error as StdError;
use std::io::ErrorKind;

use object_store::Error as StoreError;
use object_store::client::{HttpError, HttpErrorKind};

use super::settings::Secrets;
use crate::error::{Error, Kind};

/// Longest detail kept of a store's answer.
const LONGEST_DETAIL: usize = 2_000;

/// What went wrong when `attempted` (as in "read") met `object`.
pub(super) fn explain(error: &StoreError, attempted: &str, object: &str, secrets: &Secrets) -> Error {
    let detail = secrets.scrub(&details(error));
    let cause = Cause::of(error, &detail);
    let message = format!("could not {attempted} {}: {}", secrets.scrub(object), cause.says());
    let mut explained = Error::new(cause.kind(), message).because(detail);
    if let Some(hint) = cause.hint() {
        explained = explained.hint(hint);
    }
    explained
}

/// Whether the answer may be different next time, or the first attempt may have been carried out.
pub(super) fn may_pass(error: &StoreError) -> bool {
    Cause::of(error, &details(error)).kind() == Kind::Unavailable
}

/// Whether an exchange with a store began and did not come to its end. What was asked may have been done.
pub(super) fn broke_off(error: &StoreError) -> bool {
    let mut exchanges = chain(error).filter_map(|e| e.downcast_ref::<HttpError>());
    exchanges.any(|exchange| exchange.kind() != HttpErrorKind::Connect)
}

/// Whether there was nothing there.
pub(super) fn is_absent(error: &StoreError) -> bool {
    matches!(error, StoreError::NotFound { .. })
        || io_kind(error).is_some_and(|kind| matches!(kind, ErrorKind::NotFound))
}

/// Whether it was the bucket that was not there.
pub(super) fn is_bucket_missing(error: &StoreError) -> bool {
    Cause::of(error, &details(error)) == Cause::NoBucket
}

/// Whether a condition on what is there did not hold.
pub(super) fn is_unmet(error: &StoreError) -> bool {
    matches!(error, StoreError::AlreadyExists { .. } | StoreError::Precondition { .. })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    NotFound,
    NoBucket,
    Denied,
    Credentials,
    NoCredentials,
    BadAddress,
    Unmet,
    DiskFull,
    TooManyFiles,
    ReadOnly,
    NameTooLong,
    NotAFolder,
    OtherDevice,
    Options,
    Refused,
    NoAnswer,
    Busy,
    Unknown,
}

impl Cause {
    fn of(error: &StoreError, detail: &str) -> Self {
        match error {
            _ if detail.contains("NoSuchBucket") || detail.contains("ContainerNotFound") => Self::NoBucket,
            _ if detail.contains("The specified bucket does not exist") => Self::NoBucket,
            StoreError::NotFound { .. } => Self::NotFound,
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => denied(error, detail),
            StoreError::AlreadyExists { .. }
            | StoreError::Precondition { .. }
            | StoreError::NotModified { .. } => Self::Unmet,
            StoreError::InvalidPath { .. } => Self::BadAddress,
            StoreError::NotSupported { .. } | StoreError::NotImplemented { .. } => Self::Refused,
            StoreError::UnknownConfigurationKey { .. } => Self::Options,
            _ => io_cause(error)
                .or_else(|| status_cause(error, detail))
                .unwrap_or_else(|| other(error, detail)),
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Unmet => Kind::Conflict,
            // A full disk may have room again when the orchestrator tries next.
            Self::DiskFull | Self::TooManyFiles | Self::NoAnswer | Self::Busy | Self::Unknown => {
                Kind::Unavailable
            }
            Self::NotFound
            | Self::NoBucket
            | Self::Denied
            | Self::Credentials
            | Self::NoCredentials
            | Self::BadAddress
            | Self::ReadOnly
            | Self::NameTooLong
            | Self::NotAFolder
            | Self::OtherDevice
            | Self::Options
            | Self::Refused => Kind::Wrong,
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::NotFound => "there is nothing of that name",
            Self::NoBucket => "the bucket does not exist",
            Self::Denied => "permission denied",
            Self::Credentials => "the credentials were rejected",
            Self::NoCredentials => "no credentials were found",
            Self::BadAddress => "the name cannot be used in a store",
            Self::Unmet => "another writer was there first",
            Self::DiskFull => "the disk is full",
            Self::TooManyFiles => "too many files are open",
            Self::ReadOnly => "the file system is read-only",
            Self::NameTooLong => "the name is too long for the file system",
            Self::NotAFolder => "a file stands where a folder is needed, or the other way round",
            Self::OtherDevice => "the file would have to move to another file system",
            Self::Options => "the store's options are not usable",
            Self::Refused => "the store refused the request",
            Self::NoAnswer => "the store did not answer",
            Self::Busy => "the store is busy or failing",
            Self::Unknown => "the store failed",
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Self::NoBucket => Some("create the bucket, or correct the address, region or endpoint"),
            Self::Denied => Some(
                "grant list, read, write and delete on this folder and on the _lockgate folder beside it",
            ),
            Self::Credentials => {
                Some("check the key, the secret and the session token, and the machine's clock")
            }
            Self::NoCredentials => Some(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS or AZURE_STORAGE_ACCOUNT_KEY; for a public bucket AWS_SKIP_SIGNATURE=true",
            ),
            Self::DiskFull => Some("make room; nothing of this run is visible"),
            Self::TooManyFiles => {
                Some("raise the limit of open files (ulimit -n), or write fewer partitions in one run")
            }
            Self::OtherDevice => Some(
                "write to a folder below the mount point, so that the dataset and the _lockgate folder beside it share a file system",
            ),
            Self::NoAnswer => Some(
                "check the network and the endpoint (AWS_ENDPOINT_URL, AZURE_STORAGE_ENDPOINT; AWS_ALLOW_HTTP=true, GOOGLE_ALLOW_HTTP=true or AZURE_ALLOW_HTTP=true for http)",
            ),
            Self::Busy => {
                Some("run it again later; if it stays so, see what the store's operator says of it")
            }
            Self::NotFound
            | Self::BadAddress
            | Self::Unmet
            | Self::ReadOnly
            | Self::NameTooLong
            | Self::NotAFolder
            | Self::Options
            | Self::Refused
            | Self::Unknown => None,
        }
    }
}

fn denied(error: &StoreError, detail: &str) -> Cause {
    let rejected = [
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "AuthenticationFailed",
        "ExpiredToken",
        "InvalidToken",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "RequestTimeTooSkewed",
        "Server failed to authenticate the request",
    ];
    if matches!(error, StoreError::Unauthenticated { .. })
        || rejected.iter().any(|code| detail.contains(code))
    {
        Cause::Credentials
    } else {
        Cause::Denied
    }
}

fn io_kind(error: &StoreError) -> Option<ErrorKind> {
    chain(error).find_map(|e| e.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

/// What the operating system said, unless it spoke of a network.
fn io_cause(error: &StoreError) -> Option<Cause> {
    if chain(error).any(<dyn StdError>::is::<HttpError>) {
        return None;
    }
    let io = chain(error).find_map(|e| e.downcast_ref::<std::io::Error>())?;
    // EMFILE and ENFILE have no kind of their own.
    if matches!(io.raw_os_error(), Some(23 | 24)) && cfg!(unix) {
        return Some(Cause::TooManyFiles);
    }
    Some(match io.kind() {
        ErrorKind::NotFound => Cause::NotFound,
        ErrorKind::PermissionDenied => Cause::Denied,
        ErrorKind::AlreadyExists => Cause::Unmet,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Cause::DiskFull,
        ErrorKind::ReadOnlyFilesystem => Cause::ReadOnly,
        ErrorKind::InvalidFilename => Cause::NameTooLong,
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => {
            Cause::NotAFolder
        }
        ErrorKind::CrossesDevices => Cause::OtherDevice,
        _ => Cause::Unknown,
    })
}

/// What the status of an answer means. The client keeps it only in its message.
fn status_cause(error: &StoreError, detail: &str) -> Option<Cause> {
    let status: u16 = detail.split_once("status code: ")?.1.get(..3)?.parse().ok()?;
    Some(match status {
        408 | 429 | 500.. => Cause::Busy,
        // The machine that knows the credentials of others answered, and has none for this one.
        _ if asks_for_token(detail) => Cause::NoCredentials,
        404 => Cause::NotFound,
        401 | 403 => denied(error, detail),
        _ if detail.contains("InternalError") || detail.contains("SlowDown") => Cause::Busy,
        _ => Cause::Refused,
    })
}

fn other(error: &StoreError, detail: &str) -> Cause {
    if asks_for_token(detail) {
        return Cause::NoCredentials;
    }
    if chain(error).any(<dyn StdError>::is::<HttpError>) {
        return Cause::NoAnswer;
    }
    if detail.contains("returned error response") {
        return Cause::Busy;
    }
    Cause::Unknown
}

/// Whether a token was asked for where machines of a cloud get theirs.
fn asks_for_token(detail: &str) -> bool {
    let metadata = ["169.254.169.254", "metadata.google.internal", "/metadata/identity"];
    metadata.iter().any(|address| detail.contains(address))
}

fn chain(error: &StoreError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error: &&(dyn StdError + 'static)| (*error).source())
}

/// The messages of all sources, each said once, on one line.
fn details(error: &StoreError) -> String {
    let mut told = String::new();
    for source in chain(error) {
        let text = source.to_string();
        if !told.contains(&text) {
            if !told.is_empty() {
                told.push_str(": ");
            }
            told.push_str(&text);
        }
    }
    let told: String = told.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match told.char_indices().nth(LONGEST_DETAIL) {
        Some((end, _)) => format!("{}…", &told[..end]),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(kind: ErrorKind) -> Kind {
        let error = StoreError::Generic { store: "disk", source: Box::new(std::io::Error::from(kind)) };
        explain(&error, "write", "x", &Secrets::default()).kind()
    }

    #[test]
    fn a_full_disk_may_be_retried_and_a_forbidden_one_not() {
        assert_eq!(io(ErrorKind::StorageFull), Kind::Unavailable);
        assert_eq!(io(ErrorKind::PermissionDenied), Kind::Wrong);
        assert_eq!(io(ErrorKind::CrossesDevices), Kind::Wrong);
    }

    fn answered(detail: &str) -> Error {
        let error = StoreError::Generic { store: "x", source: detail.into() };
        explain(&error, "list", "x", &Secrets::default())
    }

    #[test]
    fn what_stores_say_of_credentials_is_told_apart_from_what_they_forbid() {
        let status = |rest: &str| answered(&format!("Server returned non-2xx status code: {rest}"));
        let azure = status("403 Forbidden: Server failed to authenticate the request. Make sure …");
        assert!(azure.message().contains("credentials were rejected"), "{azure}");
        let network = status("403 Forbidden: This request is not authorized to perform this operation.");
        assert!(network.message().contains("permission denied"), "{network}");
        let google = "GET http://169.254.169.254/computeMetadata/v1/instance in 1ms";
        for code in ["403 Forbidden", "404 Not Found"] {
            let none = answered(&format!("{google} - Server returned non-2xx status code: {code}"));
            assert!(none.message().contains("no credentials were found"), "{none}");
        }
        let busy =
            answered(&format!("{google} - Server returned non-2xx status code: 503 Service Unavailable"));
        assert_eq!(busy.kind(), Kind::Unavailable);
    }

    #[test]
    fn details_are_on_one_line_and_bounded() {
        let source = format!("a\u{1b}[31m\n{}", "b".repeat(5_000));
        let text = details(&StoreError::Generic { store: "x", source: source.into() });
        assert!(text.len() < 2_100 && !text.contains(char::is_control), "{text}");
    }
}
