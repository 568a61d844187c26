//! How one folder names another in a document.
//!
//! On a local disk by a relative path, so that the documents hold when the disk is mounted elsewhere, as
//! in a container; elsewhere by its address.

use crate::error::{Error, Result};
use crate::store::{Location, Stores};

/// What names `to` in a document that lies in `from`.
pub(super) fn refer(from: &Location, to: &Location) -> String {
    let (Some(base), Some(target)) = (from.local_path(), to.local_path()) else {
        return to.to_string();
    };
    let shared = base.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = base.components().skip(shared).map(|_| "..".to_owned());
    let down = target.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let path: Vec<_> = std::iter::once(".".to_owned()).chain(up).chain(down).collect();
    path.join("/")
}

/// What `reference` names in a document that lies in `from`.
pub(super) fn resolve(stores: &Stores, from: &Location, reference: &str) -> Result<Location> {
    let Some(relative) = reference.strip_prefix('.') else { return stores.open(reference) };
    let broken = || Error::wrong(format!("{reference:?} in a document of {from} leads nowhere"));
    relative.split('/').filter(|name| !name.is_empty()).try_fold(from.clone(), |at, name| {
        if name == ".." { at.parent().ok_or_else(broken) } else { at.join(name) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Io, Settings};

    #[test]
    fn a_reference_leads_back() {
        let stores = Stores::new(Settings::new("/", []), Io::new(1).unwrap());
        for (from, to, expected) in [
            ("/lake/_lockgate", "/lake/orders", "./../orders"),
            ("/lake/_lockgate", "/lake/_lockgate", "."),
            ("/a", "/b/c", "./../b/c"),
            ("memory://x/_lockgate", "memory://x/orders", "memory://x/orders"),
        ] {
            let (from, to) = (stores.open(from).unwrap(), stores.open(to).unwrap());
            let reference = refer(&from, &to);
            assert_eq!(reference, expected);
            assert_eq!(resolve(&stores, &from, &reference).unwrap(), to);
        }
    }
}
