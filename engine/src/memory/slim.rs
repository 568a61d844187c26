//! Columns kept small: a text column of few different values as two bytes a row beside the values.
//!
//! Such a row is two bytes to fetch from anywhere in memory, and its text is in the cache already.

use std::sync::Arc;

use hashbrown::HashMap;
use polars::prelude::{Column, DataFrame, IdxCa, IntoColumn, NewChunkedArray, PlSmallStr, StringChunked};

use super::spool::{bytes_of, bytes_of_column};
use super::stack::stack;
use crate::error::{Error, Result};

/// Rows below which a column is small anyway.
const FEW_ROWS: usize = 1 << 10;

/// Different texts up to which a column is kept as codes.
const MOST_TEXTS: usize = 1 << 10;

/// A column.
#[derive(Clone)]
pub enum Slim {
    /// As it is.
    Plain(Column),
    /// Of few different texts.
    Coded(Coded),
}

/// The place of each row's text among the different ones, null among them.
#[derive(Clone)]
pub struct Coded {
    codes: Arc<[u16]>,
    texts: Column,
}

impl Slim {
    /// The column as small as it may be.
    pub fn of(column: &Column) -> Self {
        Coded::of(column).map_or_else(|| Self::Plain(column.clone()), Self::Coded)
    }

    /// Pieces of one column under each other, in one chunk; none without any.
    pub fn stack(pieces: Vec<Self>) -> Result<Option<Self>> {
        if let Some(all) = Coded::stack(&pieces) {
            return Ok(Some(Self::Coded(all)));
        }
        let frames = pieces.into_iter().map(|piece| Ok(piece.column()?.into_frame()));
        Ok(stack(frames)?.and_then(|all| all.into_columns().pop()).map(Self::Plain))
    }

    /// Its codes, if it has some.
    pub fn coded(&self) -> Option<&Coded> {
        match self {
            Self::Plain(_) => None,
            Self::Coded(coded) => Some(coded),
        }
    }

    /// Its name.
    pub fn name(&self) -> &PlSmallStr {
        match self {
            Self::Plain(column) | Self::Coded(Coded { texts: column, .. }) => column.name(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Plain(column) => column.len(),
            Self::Coded(coded) => coded.codes.len(),
        }
    }

    /// The column under another name.
    #[must_use]
    pub fn with_name(self, name: PlSmallStr) -> Self {
        match self {
            Self::Plain(column) => Self::Plain(column.with_name(name)),
            Self::Coded(Coded { codes, texts }) => Self::Coded(Coded { codes, texts: texts.with_name(name) }),
        }
    }

    /// The column with its texts.
    pub fn column(&self) -> Result<Column> {
        match self {
            Self::Plain(column) => Ok(column.clone()),
            Self::Coded(Coded { codes, texts }) => {
                let places = codes.iter().map(|code| u32::from(*code)).collect();
                texts
                    .take(&IdxCa::from_vec(PlSmallStr::EMPTY, places))
                    .map_err(|error| Error::defect("cannot decode a column").because(error))
            }
        }
    }

    /// About as many bytes as it takes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Plain(column) => bytes_of_column(column),
            Self::Coded(Coded { codes, texts }) => 2 * codes.len() as u64 + bytes_of_column(texts),
        }
    }
}

impl Coded {
    /// The code of each row.
    pub fn codes(&self) -> &[u16] {
        &self.codes
    }

    /// The text of each code.
    pub fn texts(&self) -> &Column {
        &self.texts
    }

    /// The column as codes, if it is one of few texts.
    fn of(column: &Column) -> Option<Self> {
        if column.len() < FEW_ROWS {
            return None;
        }
        let mut texts = Texts::default();
        let codes: Option<Vec<u16>> = column.str().ok()?.iter().map(|text| texts.code(text)).collect();
        Some(Self { codes: codes?.into(), texts: texts.column(column.name()) })
    }

    /// Pieces of one column under each other as codes, if they are of few texts together.
    fn stack(pieces: &[Slim]) -> Option<Self> {
        let rows = pieces.iter().map(Slim::rows).sum();
        if rows < FEW_ROWS {
            return None;
        }
        let mut codes = Vec::with_capacity(rows);
        let mut texts = Texts::default();
        for piece in pieces {
            match piece {
                Slim::Plain(column) => {
                    for text in column.str().ok()?.iter() {
                        codes.push(texts.code(text)?);
                    }
                }
                Slim::Coded(piece) => {
                    let own = piece.texts.str().ok()?.iter().map(|text| texts.code(text));
                    let code_of: Vec<u16> = own.collect::<Option<_>>()?;
                    codes.extend(piece.codes.iter().map(|code| code_of[usize::from(*code)]));
                }
            }
        }
        Some(Self { codes: codes.into(), texts: texts.column(pieces.first()?.name()) })
    }
}

/// Different texts in the order in which they came.
#[derive(Default)]
struct Texts<'t> {
    texts: Vec<Option<&'t str>>,
    code_of: HashMap<Option<&'t str>, u16>,
}

impl<'t> Texts<'t> {
    /// The code of a text; none if there are too many.
    fn code(&mut self, text: Option<&'t str>) -> Option<u16> {
        let code = *self.code_of.entry(text).or_insert_with(|| {
            self.texts.push(text);
            (self.texts.len() - 1) as u16
        });
        (self.texts.len() <= MOST_TEXTS).then_some(code)
    }

    fn column(&self, name: &PlSmallStr) -> Column {
        StringChunked::from_slice_options(name.clone(), &self.texts).into_column()
    }
}

/// A frame of such columns.
pub struct SlimFrame {
    columns: Vec<Slim>,
    rows: usize,
    full_bytes: u64,
}

impl SlimFrame {
    /// The frame as small as it may be. It costs a look at every text, so do it before the turn.
    pub fn of(frame: &DataFrame) -> Self {
        Self {
            columns: frame.columns().iter().map(Slim::of).collect(),
            rows: frame.height(),
            full_bytes: bytes_of(frame),
        }
    }

    /// A frame that is left as it is.
    pub fn plain(frame: DataFrame) -> Self {
        let (rows, full_bytes) = (frame.height(), bytes_of(&frame));
        Self { columns: frame.into_columns().into_iter().map(Slim::Plain).collect(), rows, full_bytes }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// About as many bytes as it takes.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(Slim::bytes).sum()
    }

    /// About as many bytes as the frame takes with its texts.
    pub fn full_bytes(&self) -> u64 {
        self.full_bytes
    }

    /// The column `name`.
    pub fn slim(&self, name: &str) -> Option<&Slim> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// The frame with its texts.
    pub fn frame(&self) -> Result<DataFrame> {
        self.of_columns(self.columns.iter())
    }

    /// The same with no other columns than `names`.
    pub fn only<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<DataFrame> {
        let lacking = || Error::defect("a frame that was kept lacks a column");
        let columns = names.into_iter().map(|name| self.slim(name).ok_or_else(lacking));
        self.of_columns(columns.collect::<Result<Vec<_>>>()?)
    }

    fn of_columns<'s>(&self, columns: impl IntoIterator<Item = &'s Slim>) -> Result<DataFrame> {
        let columns = columns.into_iter().map(Slim::column).collect::<Result<_>>()?;
        DataFrame::new(self.rows, columns)
            .map_err(|e| Error::defect("a frame that was kept broke").because(e))
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataType, NamedFrom, Series, df};

    use super::*;

    fn texts(different: usize) -> Column {
        let text = |row: usize| (row % 7 != 3).then(|| format!("text number {}", row % different));
        let texts: Vec<Option<String>> = (0..4 * FEW_ROWS).map(text).collect();
        Series::new("t".into(), texts).into_column()
    }

    #[test]
    fn few_texts_are_coded_and_many_are_not_and_both_stay_what_they_are() {
        for (different, is_coded) in [(1, true), (MOST_TEXTS - 1, true), (MOST_TEXTS + 1, false)] {
            let column = texts(different);
            let slim = Slim::of(&column);
            assert_eq!(slim.coded().is_some(), is_coded, "{different} texts");
            assert_eq!(slim.column().unwrap(), column);
            assert_eq!(slim.column().unwrap().dtype(), &DataType::String);
        }
    }

    #[test]
    fn pieces_are_stacked_whatever_they_are() {
        for different in [3, MOST_TEXTS - 1, MOST_TEXTS + 1] {
            let column = texts(different);
            let cuts = [0, 5, 5 + FEW_ROWS, 5 + 3 * FEW_ROWS, 4 * FEW_ROWS];
            let piece = |cut: &[usize]| Slim::of(&column.slice(cut[0] as i64, cut[1] - cut[0]));
            let all = Slim::stack(cuts.windows(2).map(piece).collect()).unwrap().unwrap();
            assert_eq!(all.coded().is_some(), different < MOST_TEXTS, "{different}");
            assert_eq!(all.column().unwrap(), column);
        }
        assert!(Slim::stack(Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_frame_comes_back_as_it_went() {
        let frame = df!("id" => (0..4 * FEW_ROWS as i64).collect::<Vec<_>>()).unwrap();
        let frame = frame.hstack(&[texts(9), texts(5_000).with_name("u".into())]).unwrap();
        let slim = SlimFrame::of(&frame);
        assert!(slim.frame().unwrap().equals_missing(&frame));
        assert!(slim.only(["u", "id"]).unwrap().equals_missing(&frame.select(["u", "id"]).unwrap()));
        assert!(slim.bytes() < slim.full_bytes() && slim.full_bytes() == bytes_of(&frame));
        assert!(slim.slim("t").unwrap().coded().is_some() && slim.slim("u").unwrap().coded().is_none());
        assert!(slim.slim("v").is_none());
        assert_eq!(SlimFrame::plain(frame.clone()).bytes(), bytes_of(&frame));
    }
}
