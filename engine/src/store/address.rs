//! What an address means: which kind of store, which bucket, which key. Pure; opens nothing.

use std::fs;
use std::path::{Component, Path as FsPath, PathBuf};

use object_store::path::Path;

use crate::error::{Error, Result};

/// The kinds of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    Local,
    S3,
    Gcs,
    Azure,
    /// Lives and dies with the process; for tests.
    Memory,
}

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    /// `s3://bucket`, or empty for a local path: what a client is opened for.
    pub(super) root: String,
    /// The key below it, literally.
    pub(super) path: Path,
}

impl Address {
    /// Takes `uri` apart; a relative local path starts from `base_dir`.
    pub(super) fn parse(uri: &str, base_dir: &FsPath) -> Result<Self> {
        if let Some(path) = uri.strip_prefix("file://") {
            let path = path.strip_prefix("localhost").unwrap_or(path);
            return if path.starts_with('/') {
                Self::local(uri, FsPath::new(path), base_dir)
            } else {
                Err(Error::wrong(format!("{uri:?} names another machine's file"))
                    .hint("a local file is file:///absolute/path, or the path alone"))
            };
        }
        let Some((scheme, rest)) = uri.split_once("://") else {
            return Self::local(uri, FsPath::new(uri), base_dir);
        };
        let kind = match scheme {
            "s3" | "s3a" => Scheme::S3,
            "gs" => Scheme::Gcs,
            "az" | "azure" | "adl" | "abfs" | "abfss" => Scheme::Azure,
            "memory" => Scheme::Memory,
            _ => {
                return Err(Error::wrong(format!("no store is known for {scheme:?} addresses"))
                    .hint("use a local path, s3://, gs://, az:// or abfss://"));
            }
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() && kind != Scheme::Memory {
            return Err(Error::wrong(format!("{uri:?} names no bucket"))
                .hint(format!("write {scheme}://bucket/folder/")));
        }
        if bucket.contains(':') {
            return Err(Error::wrong(format!("the bucket of a {scheme}:// address may not hold \":\""))
                .hint("credentials are given in the environment, never in an address"));
        }
        let path = Path::parse(key.strip_suffix('/').unwrap_or(key)).map_err(|e| {
            Error::wrong(format!("{uri:?} is not a usable address"))
                .hint("a key may not hold empty segments, \".\" , \"..\" or control characters")
                .because(e)
        })?;
        Ok(Self { scheme: kind, root: format!("{scheme}://{bucket}"), path })
    }

    fn local(uri: &str, path: &FsPath, base_dir: &FsPath) -> Result<Self> {
        if uri.is_empty() {
            return Err(Error::wrong("the address is empty"));
        }
        let absolute = resolve(&base_dir.join(path));
        let unusable = || {
            Error::wrong(format!("{uri:?} is not a usable path"))
                .hint("a path must be UTF-8 without control characters")
        };
        let text = absolute.to_str().ok_or_else(unusable)?;
        let path = Path::parse(text).map_err(|e| unusable().because(e))?;
        Ok(Self { scheme: Scheme::Local, root: String::new(), path })
    }
}

/// `path` without `.` and `..`. A `..` after a symbolic link leaves what the link points to, as the
/// operating system would.
fn resolve(path: &FsPath) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if let Ok(real) = fs::canonicalize(&resolved) {
                    resolved = real;
                }
                resolved.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => resolved.push(component),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Result<(Scheme, String, String)> {
        let address = Address::parse(uri, FsPath::new("/base"))?;
        Ok((address.scheme, address.root, address.path.to_string()))
    }

    #[test]
    fn keys_are_literal() {
        for key in ["a b/ä+%3A=c", "created_at=2013-01-01T00%3A00", "100%"] {
            assert_eq!(parse(&format!("s3://b/{key}/")).unwrap(), (Scheme::S3, "s3://b".into(), key.into()));
            assert_eq!(parse(&format!("/{key}/")).unwrap(), (Scheme::Local, String::new(), key.into()));
        }
    }

    #[test]
    fn relative_paths_start_from_the_base() {
        assert_eq!(parse("./lake/../x/").unwrap().2, "base/x");
        assert_eq!(parse("lake").unwrap().2, "base/lake");
        assert_eq!(parse("file:///lake/a").unwrap().2, "lake/a");
    }

    #[test]
    fn what_is_no_address_says_so() {
        for uri in [
            "",
            "s3://",
            "s3:///key",
            "ftp://a/b",
            "s3://b/../c",
            "s3://b/a//c",
            "s3://b/\0",
            "a\0b",
            "s3://user:secret@b/c",
            "file://host/x",
        ] {
            let error = parse(uri).unwrap_err();
            assert!(!error.message().contains("secret"), "{error}");
        }
    }

    #[test]
    fn azure_accounts_may_be_in_the_address() {
        let root = "abfss://data@account.dfs.core.windows.net";
        assert_eq!(
            parse("abfss://data@account.dfs.core.windows.net/x/y").unwrap(),
            (Scheme::Azure, root.into(), "x/y".into())
        );
    }
}
