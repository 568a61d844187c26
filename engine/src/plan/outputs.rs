//! No two outputs may be written into each other, and none into what is read.

use crate::error::{Error, Result};
use crate::spec::{Pipeline, Spanned};
use crate::store::{Location, Stores};

/// Every pair of places in the pipeline that get in each other's way.
pub(super) fn overlaps(pipeline: &Pipeline, stores: &Stores) -> Vec<Error> {
    let placed = |to: &'_ Spanned<String>, place: Result<Location>| match place {
        Ok(place) => Ok((place, to.clone())),
        Err(error) => Err(error.at(to.span)),
    };
    let tables = pipeline
        .tables
        .iter()
        .flat_map(|(_, table)| table.write.iter().map(|write| &write.to).chain(&table.quarantine));
    let sources = pipeline.sources.iter().map(|(_, source)| source);
    let written = tables.chain(sources.clone().filter_map(|source| source.quarantine.as_ref()));
    let written: Result<Vec<_>> = written.map(|to| placed(to, stores.open(&to.value))).collect();
    let read: Result<Vec<_>> =
        sources.map(|source| placed(&source.read, stores.place_of(&source.read.value))).collect();
    let (written, read) = match (written, read) {
        (Ok(written), Ok(read)) => (written, read),
        (Err(error), _) | (_, Err(error)) => return vec![error],
    };
    let mut errors = Vec::new();
    for (index, (place, to)) in written.iter().enumerate() {
        let others = written[..index].iter().filter(|(other, _)| place.overlaps(other));
        errors.extend(others.map(|(_, first)| {
            Error::wrong(format!("\"{}\" and \"{}\" are written into each other", to.value, first.value))
                .at(to.span)
                .hint(format!(
                    "line {} writes the other; give each table a folder of its own",
                    first.span.line
                ))
        }));
        let read = read.iter().filter(|(other, _)| place.overlaps(other));
        errors.extend(read.map(|(_, source)| {
            Error::wrong(format!("\"{}\" is both read and written", to.value))
                .at(to.span)
                .hint(format!("line {} reads it; write to another folder", source.span.line))
        }));
    }
    errors
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::spec::SourceText;
    use crate::store::{Io, Settings};

    fn said(read: &str, first: &str, second: &str) -> Vec<String> {
        let text = format!(
            "pipeline: p\nsources:\n  s: {{read: '{read}'}}\ntables:\n  \
             a: {{from: s, write: {{to: '{first}'}}}}\n  b: {{from: s, write: {{to: '{second}'}}}}\n"
        );
        let pipeline = Pipeline::load(SourceText::new("p", &text), &[], &BTreeMap::new()).unwrap();
        let stores = Stores::new(Settings::new("/base", []), Io::new(1).unwrap());
        overlaps(&pipeline, &stores).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn places_apart_are_fine() {
        assert_eq!(said("in/", "out/a", "out/ab"), Vec::<String>::new());
        assert_eq!(said("memory://b/x/*.parquet", "memory://b/y", "/base/in"), Vec::<String>::new());
    }

    #[test]
    fn one_place_written_in_two_ways_is_found() {
        for other in ["./out/", "/base/out", "x/../out", "file:///base/out", "out/deeper"] {
            assert_eq!(said("in", "out", other).len(), 1, "{other}");
        }
    }

    #[test]
    fn what_is_read_is_not_written() {
        assert_eq!(said("data/raw/*/x.parquet", "data/raw", "out").len(), 1);
        assert_eq!(said("data", "data/out", "out").len(), 1);
    }
}
