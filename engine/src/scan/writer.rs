//! Who wrote a Parquet file, and whether what it states about values can be relied on.
//!
//! Statistics are a by-product of writing, and several writers had them wrong while the values were right:
//! Polars counts nulls once for each page (pola-rs/polars#29321) and takes a null for `false` among the bounds
//! of booleans (#26667); parquet-rs counted no nulls in columns of nulls alone (apache/arrow-rs#306) or counted
//! them twice (#2046); old parquet-mr and parquet-cpp ordered values wrongly (PARQUET-251, PARQUET-686); cuDF
//! and parquet-go wrote counts at random. So only writers that are known to be right are believed, from the
//! version on in which they became so. Columns of all other files are read.

/// Writers whose null counts and bounds are right, each from its major and minor version on.
const RIGHT: [(&str, (u32, u32)); 7] = [
    ("lockgate", (0, 0)),
    ("parquet-mr", (1, 10)),
    ("parquet-cpp-arrow", (0, 0)),
    ("parquet-cpp", (1, 3)),
    ("parquet-rs", (19, 0)),
    ("datafusion", (0, 0)),
    ("DuckDB", (1, 0)),
];

/// Whether the writer that a footer names states right what it states.
pub(super) fn is_right(created_by: Option<&str>) -> bool {
    let Some((name, version)) = created_by.and_then(|writer| writer.split_once(" version ")) else {
        return false;
    };
    let least = RIGHT.iter().find(|(right, _)| *right == name).map(|(_, least)| *least);
    least.is_some_and(|least| numbered(version).is_some_and(|version| version >= least))
}

/// The major and minor number that a version begins with.
fn numbered(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v').unwrap_or(version).split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_writers_that_are_known_to_be_right_are_believed() {
        let right = [
            "lockgate version 0.1.0",
            "parquet-mr version 1.10.0 (build 031a6654009e3b82020012a18434c582bd74c73a)",
            "parquet-mr version 1.13.1 (build db4183109d5b734ec5930d870cdae161e408ddba)",
            "parquet-cpp-arrow version 25.0.0",
            "parquet-cpp version 1.5.1-SNAPSHOT",
            "parquet-rs version 60.1.0",
            "datafusion version 43.0.0",
            "DuckDB version v1.4.2 (build 68d7555f68)",
        ];
        for writer in right {
            assert!(is_right(Some(writer)), "{writer}");
        }
        let others = [
            "Polars",
            "parquet-mr version 1.8.1 (build 4aba4dae7bb0d4edbcf7923ae1339f28fd3f7fcf)",
            "parquet-mr compatible Photon version 0.2 (build 14.3)",
            "parquet-mr",
            "parquet-mr version ",
            "parquet-mr version x.y",
            "parquet-rs version 18.0.0",
            "parquet-cpp version 1.2.0",
            "parquet-go version 0.9.0",
            "DuckDB",
            "",
        ];
        for writer in others {
            assert!(!is_right(Some(writer)), "{writer}");
        }
        assert!(!is_right(None));
    }
}
