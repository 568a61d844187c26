//! The first bytes of a file: a byte order mark is skipped, and what is no UTF-8 text is said by name.

use super::fault::Fault;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How files begin that are not plain text, what they are, and what to do.
const FOREIGN: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "is compressed with gzip", UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", UNPACK),
    (b"BZh", "is compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "is compressed with xz", UNPACK),
    (b"\x04\x22\x4d\x18", "is compressed with lz4", UNPACK),
    (b"PK\x03\x04", "is a zip archive", UNPACK),
    (b"PAR1", "is a Parquet file", "set `format: parquet`"),
    (b"\xff\xfe", "is text in UTF-16", "convert it to UTF-8"),
    (b"\xfe\xff", "is text in UTF-16", "convert it to UTF-8"),
];

const UNPACK: &str =
    "text is read uncompressed: unpack the file, or deliver Parquet, which is compressed within";

/// Ends of names of compressed files.
const PACKED: &[&str] = &[".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz", ".lz4", ".br", ".snappy", ".zip"];

/// How many bytes of the beginning are no content, for a file that begins with `bytes`.
pub(super) fn skip(bytes: &[u8]) -> Result<usize, Fault> {
    if let Some((_, what, hint)) = FOREIGN.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return Err(Fault::new(1, format!("the file {what}, not text in UTF-8")).hint(*hint));
    }
    Ok(if bytes.starts_with(MARK) { MARK.len() } else { 0 })
}

/// The file's name without the end that says how it is compressed, if it has one.
pub(in crate::scan) fn unpacked_name(name: &str) -> Option<&str> {
    PACKED.iter().find_map(|end| name.strip_suffix(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_skipped_and_compressed_bytes_are_named() {
        assert_eq!(skip(b"a,b\n"), Ok(0));
        assert_eq!(skip(b""), Ok(0));
        assert_eq!(skip(b"\xef\xbb\xbfa,b\n"), Ok(3));
        assert!(skip(b"\x1f\x8b\x08").unwrap_err().message.contains("gzip"));
        assert!(skip(b"\xff\xfea\0").unwrap_err().message.contains("UTF-16"));
    }

    #[test]
    fn a_compressed_name_has_another_within() {
        assert_eq!(unpacked_name("a.csv.gz"), Some("a.csv"));
        assert_eq!(unpacked_name("a.csv"), None);
    }
}
