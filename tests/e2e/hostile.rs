//! Parquet as it should not be: cut off, with holes, with flipped bits, with footers that claim anything. Every
//! such file stops the run with a message that says where, or is read; it is never a defect, and never are rows
//! of a run visible that did not end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use lockgate_tests::{Ran, TempDir, command, files, folder, oracle, pipeline, tally};
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataBuilder,
    ParquetMetaDataOptions, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};

const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// Kilobytes of address space that a run may take, many times what it needs: more is asked for only by who
/// believes a size that a file claims.
const ADDRESS_SPACE: u64 = 12 << 20;

const PIPELINE: &str = "pipeline: hostile
sources:
  raw: {read: raw/}
tables:
  copied:
    from: raw
    checks:
      - row_count: {min: 1}
      - completeness: {columns: [id, n, word], mostly: 0.5}
    write: {to: out/copied/}
";

/// Workers that run the binary side by side.
const WORKERS: usize = 2;

type Samples = Vec<(String, Vec<u8>)>;

/// Files of many small pages, by name.
fn samples() -> &'static [(String, Vec<u8>)] {
    static SAMPLES: OnceLock<(TempDir, Samples)> = OnceLock::new();
    let (_, samples) = SAMPLES.get_or_init(|| {
        let folder = folder();
        let _ = oracle("pages.py", &[&folder.path().display().to_string()]);
        let samples = files(folder.path());
        (folder, samples)
    });
    samples
}

fn sample(name: &str) -> &'static [u8] {
    let named = samples().iter().find(|(sample, _)| sample.strip_suffix(".parquet") == Some(name));
    &named.expect("the oracle wrote it").1
}

/// A place to run in.
struct Ground {
    folder: TempDir,
    pipeline: String,
}

impl Ground {
    fn new() -> Self {
        let folder = folder();
        std::fs::create_dir(folder.path().join("raw")).expect("a fresh folder can be written");
        let pipeline = pipeline(folder.path(), PIPELINE);
        Self { folder, pipeline }
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw/part.parquet")
    }

    /// What the run says of a file of these bytes, and how many files it published.
    fn run(&self, bytes: &[u8]) -> (Ran, usize) {
        std::fs::write(self.raw(), bytes).expect("the folder can be written");
        let out = self.folder.path().join("out");
        if out.exists() {
            std::fs::remove_dir_all(&out).expect("what was written can be removed");
        }
        let args = ["-c", "ulimit -v $0 && exec \"$@\"", &ADDRESS_SPACE.to_string(), LOCKGATE, "run"];
        let more = [&self.pipeline, "--threads", "1", "--memory", "1GiB", "--run-time", "2024-06-01"];
        let ran = run_shell(&[&args[..], &more[..]].concat());
        (ran, parquet_files(&out))
    }
}

fn run_shell(args: &[&str]) -> Ran {
    let mut shell: Command = command("sh", args, &[]);
    shell.output().expect("the binary can be started").into()
}

fn parquet_files(folder: &Path) -> usize {
    let is_parquet = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "parquet");
    files(folder).iter().filter(|(name, _)| is_parquet(name)).count()
}

/// Tries every case on several workers; `judge` is given the case and what came of it.
fn each<C: Sync>(cases: &[C], bytes: impl Fn(&C) -> Vec<u8> + Sync, judge: impl Fn(&C, &Ran, usize) + Sync) {
    assert!(!cases.is_empty());
    tally("hostile Parquet files", cases.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let ground = Ground::new();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (ran, published) = ground.run(&bytes(case));
                    judge(case, &ran, published);
                }
            });
        }
    });
}

/// Panics unless the run was stopped by its input, says where, and published nothing.
fn is_refused(what: &dyn std::fmt::Debug, ran: &Ran, published: usize) {
    assert_eq!(ran.code, 30, "{what:?}\n{}", ran.said());
    assert!(ran.stderr.contains("part.parquet"), "{what:?}\n{}", ran.said());
    assert!(!ran.stderr.contains("panicked"), "{what:?}\n{}", ran.said());
    assert_eq!(published, 0, "{what:?}");
}

/// Panics unless the run was refused, or published what it read.
fn is_no_defect(what: &dyn std::fmt::Debug, ran: &Ran, published: usize) {
    match ran.code {
        0 => assert_eq!(published, 1, "{what:?}\n{}", ran.said()),
        20 => assert_eq!(published, 0, "{what:?}\n{}", ran.said()),
        _ => is_refused(what, ran, published),
    }
}

/// A page: the row group and column it belongs to, and the bytes it takes.
#[derive(Debug, Clone)]
struct Page {
    group: usize,
    column: String,
    start: usize,
    end: usize,
    /// Where its column chunk ends.
    chunk_end: usize,
}

fn metadata(bytes: &[u8], pages: PageIndexPolicy) -> ParquetMetaData {
    // What pages are encoded as is to be written again.
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    ParquetMetaDataReader::new()
        .with_metadata_options(Some(options))
        .with_page_index_policy(pages)
        .parse_and_finish(&Bytes::copy_from_slice(bytes))
        .expect("a sound file")
}

/// All pages, those of dictionaries too.
fn pages(bytes: &[u8]) -> Vec<Page> {
    let metadata = metadata(bytes, PageIndexPolicy::Required);
    let index = metadata.page_index().expect("the oracle writes it");
    let mut pages = Vec::new();
    for (group, chunks) in metadata.row_groups().iter().enumerate() {
        for (leaf, chunk) in chunks.columns().iter().enumerate() {
            let (start, length) = chunk.byte_range();
            let (start, chunk_end) = (start as usize, (start + length) as usize);
            let located = index.offset_index(group, leaf).expect("an index of every column").page_locations();
            let mut starts: Vec<usize> = located.iter().map(|page| page.offset as usize).collect();
            if starts.first() != Some(&start) {
                starts.insert(0, start);
            }
            for (at, start) in starts.iter().enumerate() {
                let end = starts.get(at + 1).copied().unwrap_or(chunk_end);
                let column = chunk.column_path().string();
                pages.push(Page { group, column, start: *start, end, chunk_end });
            }
        }
    }
    pages
}

fn flipped(bytes: &[u8], at: usize, bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 1 << (bit % 8);
    flipped
}

#[test]
fn what_is_whole_is_read() {
    each(
        samples(),
        |(_, bytes)| bytes.clone(),
        |(name, _), ran, published| {
            assert_eq!((ran.code, published), (0, 1), "{name}\n{}", ran.said());
        },
    );
}

#[test]
fn a_file_that_ends_at_any_page_or_in_its_footer_stops_the_run() {
    let mut cases = Vec::new();
    for (name, bytes) in samples() {
        let pages = pages(bytes);
        let footer = pages.last().expect("it has pages").end;
        let within = (footer..bytes.len()).step_by(97).chain(bytes.len() - 9..bytes.len());
        let starts = pages.iter().step_by(3).flat_map(|page| [page.start, page.start + 5]);
        cases.extend(starts.chain(within).map(|end| (name, bytes, end)));
    }
    each(
        &cases,
        |(_, bytes, end)| bytes[..*end].to_vec(),
        |(name, _, end), ran, published| {
            is_refused(&(name, end), ran, published);
        },
    );
}

#[test]
fn a_hole_from_any_page_on_is_told_with_its_row_group_and_column() {
    let cases: Vec<(&Vec<u8>, Page)> = ["none", "snappy", "zstd", "second"]
        .iter()
        .flat_map(|name| {
            let (_, bytes) = samples().iter().find(|(sample, _)| sample.starts_with(name)).expect("a sample");
            pages(bytes).into_iter().step_by(2).map(move |page| (bytes, page))
        })
        .collect();
    let with_hole = |(bytes, page): &(&Vec<u8>, Page)| {
        let mut bytes = (*bytes).clone();
        bytes[page.start..page.chunk_end].fill(0);
        bytes
    };
    each(&cases, with_hole, |(_, page), ran, published| is_told(page, ran, published));
}

/// Panics unless the run was refused with the place of the page.
fn is_told(page: &Page, ran: &Ran, published: usize) {
    is_refused(page, ran, published);
    let place = format!("row group {}, column \"{}\"", page.group, page.column);
    assert!(ran.stderr.contains(&place), "{page:?}\n{}", ran.said());
}

#[test]
fn a_bit_that_flips_in_a_page_with_a_checksum_is_found() {
    let bytes = sample("checked");
    let mut cases = Vec::new();
    for page in pages(bytes) {
        // The header comes first and is longer than half of the smallest pages; the last bytes are of the body.
        let size = page.end - page.start;
        cases.extend([1, size / 8].map(|back| (page.clone(), page.end - back.max(1))));
    }
    let flip = |(_, at): &(Page, usize)| flipped(bytes, *at, *at);
    each(&cases, flip, |(page, _), ran, published| is_told(page, ran, published));
}

#[test]
fn no_bit_that_flips_anywhere_is_taken_for_a_defect() {
    let mut cases = Vec::new();
    for name in ["none", "zstd", "second"] {
        let bytes = sample(name);
        let footer = pages(bytes).last().expect("it has pages").end;
        // Headers of pages and the footer say what to do; values are only values.
        cases.extend((0..footer).step_by(41).chain((footer..bytes.len()).step_by(13)).map(|at| (name, at)));
    }
    each(
        &cases,
        |(name, at)| flipped(sample(name), *at, at / 7),
        |(name, at), ran, published| {
            is_no_defect(&(name, at), ran, published);
        },
    );
}

/// The file with what `change` makes of its footer.
fn with_footer(bytes: &[u8], change: impl FnOnce(Footer) -> Footer) -> Vec<u8> {
    let metadata = metadata(bytes, PageIndexPolicy::Skip);
    let footer = Footer { rows: metadata.file_metadata().num_rows(), groups: metadata.row_groups().to_vec() };
    let Footer { rows, groups } = change(footer);
    let file = metadata.file_metadata();
    let file = FileMetaData::new(
        file.version(),
        rows,
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    let metadata = ParquetMetaDataBuilder::new(file).set_row_groups(groups).build();
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().expect("4 bytes"));
    let mut written = bytes[..bytes.len() - 8 - length as usize].to_vec();
    ParquetMetaDataWriter::new(&mut written, &metadata).finish().expect("a vector can be written");
    written
}

struct Footer {
    rows: i64,
    groups: Vec<RowGroupMetaData>,
}

impl Footer {
    fn group(mut self, change: impl FnOnce(RowGroupMetaData) -> RowGroupMetaData) -> Self {
        let first = self.groups.remove(0);
        self.groups.insert(0, change(first));
        self
    }

    /// The second column, which has nulls and a dictionary.
    fn column(self, change: impl FnOnce(ColumnChunkMetaData) -> ColumnChunkMetaData) -> Self {
        self.group(|group| {
            let mut columns = group.columns().to_vec();
            columns[1] = change(columns[1].clone());
            group.into_builder().set_column_metadata(columns).build().expect("as many columns as before")
        })
    }
}

#[test]
fn a_footer_that_claims_what_the_file_does_not_hold_stops_the_run() {
    type Change = fn(Footer) -> Footer;
    fn rows(footer: Footer, rows: i64) -> Footer {
        footer.group(|group| group.into_builder().set_num_rows(rows).build().expect("a row group"))
    }
    fn chunk(
        footer: Footer,
        change: fn(
            parquet::file::metadata::ColumnChunkMetaDataBuilder,
        ) -> parquet::file::metadata::ColumnChunkMetaDataBuilder,
    ) -> Footer {
        footer.column(|column| change(column.into_builder()).build().expect("a column chunk"))
    }
    let changes: [(&str, Change); 10] = [
        ("more rows than there are", |footer| rows(footer, 151)),
        ("as many rows as can be said", |footer| rows(footer, i64::MAX)),
        ("less rows than none", |footer| rows(footer, -1)),
        ("a dictionary beyond the end", |footer| {
            chunk(footer, |column| column.set_dictionary_page_offset(Some(1 << 40)))
        }),
        ("a dictionary before the beginning", |footer| {
            chunk(footer, |column| column.set_dictionary_page_offset(Some(-1)))
        }),
        ("a chunk of all bytes that can be said", |footer| {
            chunk(footer, |column| column.set_total_compressed_size(i64::MAX))
        }),
        ("a chunk of less than no bytes", |footer| {
            chunk(footer, |column| column.set_total_compressed_size(-100))
        }),
        ("a chunk that ends too early", |footer| {
            chunk(footer, |column| column.set_total_compressed_size(20))
        }),
        ("a chunk in the middle of another", |footer| {
            chunk(footer, |column| column.set_dictionary_page_offset(Some(30)))
        }),
        ("another codec", |footer| {
            chunk(footer, |column| column.set_compression(parquet::basic::Compression::SNAPPY))
        }),
    ];
    let bytes = sample("zstd");
    each(
        &changes,
        |(_, change)| with_footer(bytes, change),
        |(what, _), ran, published| {
            is_refused(what, ran, published);
        },
    );
    // What nobody needs to know may be wrong.
    let harmless: [(&str, Change); 6] = [
        ("a page beyond the end", |footer| chunk(footer, |column| column.set_data_page_offset(1 << 40))),
        ("a page before the beginning", |footer| chunk(footer, |column| column.set_data_page_offset(-4))),
        ("another number of rows altogether", |footer| Footer { rows: 7, ..footer }),
        ("values that nobody counts", |footer| chunk(footer, |column| column.set_num_values(i64::MAX))),
        ("bytes that nobody sets aside", |footer| {
            chunk(footer, |column| column.set_total_uncompressed_size(i64::MAX))
        }),
        ("a row group of all bytes that can be said", |footer| {
            footer.group(|group| {
                group.into_builder().set_total_byte_size(i64::MAX).build().expect("a row group")
            })
        }),
    ];
    each(
        &harmless,
        |(_, change)| with_footer(bytes, change),
        |(what, _), ran, published| {
            is_no_defect(what, ran, published);
        },
    );
}

/// A file of no rows whose one column is so many groups deep, in Thrift's compact protocol.
fn nested(levels: usize) -> Vec<u8> {
    let name = [0x18, 1, b'a'];
    let mut footer = vec![0x15, 2, 0x19, 0xfc];
    footer.extend(varint(levels as u64 + 2));
    // The root: a name and a child.
    footer.extend([0x48, 1, b'r', 0x15, 2, 0]);
    for _ in 0..levels {
        // A required group: repetition, name, a child.
        footer.extend([0x35, 0]);
        footer.extend(name);
        footer.extend([0x15, 2, 0]);
    }
    // A required INT32: type, repetition, name.
    footer.extend([0x15, 2, 0x25, 0]);
    footer.extend(name);
    footer.push(0);
    // No rows in no row groups.
    footer.extend([0x16, 0, 0x19, 0x0c, 0]);
    with_ends(&footer)
}

#[test]
fn a_schema_without_end_is_refused_before_it_is_followed() {
    let readable = metadata(&nested(20), PageIndexPolicy::Skip);
    assert_eq!(readable.file_metadata().schema_descr().num_columns(), 1);
    each(
        &[200, 5_000, 100_000, 1_000_000],
        |levels| nested(*levels),
        |levels, ran, published| {
            is_refused(levels, ran, published);
            assert!(ran.stderr.contains("has more than 128 levels"), "{levels}\n{}", ran.said());
        },
    );
}

/// A file whose footer begins with these bytes, followed by a schema that is so many groups deep.
fn hidden(before: &[u8], levels: usize) -> Vec<u8> {
    let bytes = nested(levels);
    let mut footer = [&[0x15, 2], before].concat();
    // The list of the schema's elements, by its whole id.
    footer.extend([0x09, 4]);
    footer.extend(&bytes[7..bytes.len() - 8]);
    with_ends(&footer)
}

fn with_ends(footer: &[u8]) -> Vec<u8> {
    [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

/// The same with an element of the schema in place of its first group.
fn nested_with(levels: usize, element: &[u8]) -> Vec<u8> {
    let (bytes, group) = (nested(levels), [0x35, 0, 0x18, 1, b'a', 0x15, 2, 0]);
    let at = bytes.windows(group.len()).position(|window| window == group).expect("it has groups");
    let mut footer = bytes[4..at].to_vec();
    footer.extend(element);
    footer.extend(&bytes[at + group.len()..bytes.len() - 8]);
    with_ends(&footer)
}

#[test]
fn a_schema_that_is_not_what_it_says_is_refused() {
    let mut set = nested(100_000);
    // The list of the schema's elements said to be a set.
    set[6] = 0x1a;
    let children = |kind: u8, number: &[u8]| [&[0x35, 0, 0x18, 1, b'a', kind], number, &[0]].concat();
    let most = varint(u64::from(u32::MAX - 1));
    let cases = [
        ("a set", set),
        // A number of rows said to be a text as long as the schema behind it.
        ("a schema within a text", hidden(&[&[0x28][..], &varint(1 << 19)].concat(), 100_000)),
        // A decimal whose scale is said to be a text.
        (
            "a text for a scale",
            nested_with(
                100_000,
                &[0x35, 0, 0x18, 1, b'a', 0x15, 2, 0x5c, 0x5c, 0x18, 5, 0x15, 2, 0, 0, 0, 0x15, 2, 0, 0, 0],
            ),
        ),
        ("children counted in a byte", nested_with(100_000, &children(0x13, &[2]))),
        (
            "children counted at length",
            nested_with(100_000, &children(0x15, &[0x82, 0x80, 0x80, 0x80, 0x80, 0])),
        ),
        ("a billion children", nested_with(20, &children(0x15, &most))),
        ("less children than none", nested_with(20, &children(0x15, &[1]))),
        ("no children", nested_with(20, &children(0x15, &[0]))),
        (
            "a name as long as can be said",
            nested_with(20, &[&[0x35, 0, 0x18][..], &most, &[0x15, 2, 0]].concat()),
        ),
    ];
    each(&cases, |(_, bytes)| bytes.clone(), |(what, _), ran, published| is_refused(what, ran, published));
}

#[test]
fn a_page_that_claims_gigabytes_is_no_defect() {
    // The dictionary of the second column; its header says: kind, size, compressed size, each a varint.
    let page = |bytes: &[u8]| pages(bytes).into_iter().find(|page| page.column == "n").expect("a column");
    let cases: Vec<(&str, u32)> = ["none", "snappy", "gzip", "zstd", "lz4", "brotli", "second"]
        .iter()
        .flat_map(|name| [1 << 20, 1 << 30, i32::MAX as u32].map(|size| (*name, size)))
        .collect();
    let claiming = |(name, size): &(&str, u32)| {
        let bytes = sample(name);
        let Page { start, .. } = page(bytes);
        assert_eq!([bytes[start], bytes[start + 2]], [0x15, 0x15], "a kind and a size");
        let stated = bytes[start + 3..].iter().position(|byte| byte & 0x80 == 0).expect("a varint ends") + 1;
        let claimed = varint(u64::from(*size) << 1);
        let longer = claimed.len() - stated;
        let mut written = bytes[..start + 3].to_vec();
        written.extend(&claimed);
        written.extend(&bytes[start + 3 + stated..]);
        shifted(&written, start, longer)
    };
    // The decoder sets aside what a page claims, two gigabytes at most, and ends where the bytes do.
    each(&cases, claiming, |case, ran, published| is_no_defect(case, ran, published));
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The file after so many bytes were put into the column chunk that begins at `start`: its footer says so.
fn shifted(bytes: &[u8], start: usize, by: usize) -> Vec<u8> {
    let by = by as i64;
    with_footer(bytes, |mut footer| {
        for group in &mut footer.groups {
            let columns = group.columns().iter().map(|column| {
                let moves = |offset: i64| if offset > start as i64 { offset + by } else { offset };
                let begins = column.byte_range().0 as usize == start;
                column
                    .clone()
                    .into_builder()
                    .set_data_page_offset(moves(column.data_page_offset()))
                    .set_dictionary_page_offset(column.dictionary_page_offset().map(moves))
                    .set_total_compressed_size(column.compressed_size() + if begins { by } else { 0 })
                    .build()
                    .expect("a column chunk")
            });
            let columns = columns.collect();
            *group = group.clone().into_builder().set_column_metadata(columns).build().expect("a row group");
        }
        footer
    })
}
