//! YAML text → `Node` tree, bounded in size, depth and aliases.
//!
//! Built on the event parser, because only events tell a quoted scalar from a plain one and carry the
//! position of keys. Positions are those of the text; an alias stands where its anchor stands, which
//! is where a mistake in it is mended. Merge keys and tags other than `!!str` are not read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_saphyr::granit_parser::{
    ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span as Range, StrInput, StructureStyle, Tag,
    options,
};

use super::node::{Node, Span, Spanned, Value};
use super::{scalar, shield, text};
use crate::error::{Error, Result};

/// Longest text read, in bytes.
const MAX_BYTES: usize = 16 << 20;
/// Most nodes, counting every use of an alias with all it stands for.
const MAX_NODES: usize = 1 << 18;
/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// Fills variables into a scalar.
pub(super) type Fill<'a> = &'a dyn Fn(&str, Span) -> Result<String>;

/// Reads one YAML document; an empty one is null.
pub fn read(text: &str) -> Result<Node> {
    read_filled(text, None)
}

/// Reads one YAML document; scalars in which a `$` stands are passed through `fill`. Keys are not. A plain
/// scalar takes the type its filled text has, a quoted one stays text.
pub(super) fn read_filled(source: &str, fill: Option<Fill<'_>>) -> Result<Node> {
    let source = shield::shielded(text::without_mark(source));
    let source = source.as_ref();
    if source.len() > MAX_BYTES {
        return Err(Error::wrong(format!("the file is longer than {} MiB", MAX_BYTES >> 20)));
    }
    let options = options! {
        disallow_directives: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let parser = Parser::new_from_str_with_options(source, options);
    Reader { source, parser, fill, anchors: HashMap::new(), room: MAX_NODES }.document()
}

struct Reader<'t, 'f> {
    source: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    fill: Option<Fill<'f>>,
    anchors: HashMap<usize, Node>,
    room: usize,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Result<Node> {
        let mut root = None;
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    return Err(Error::wrong("the file holds more than one document").at(self.span(range)));
                }
                event => root = Some(self.node(event, range, 0)?),
            }
        }
        let start = Span { line: 1, column: 1, len: 1 };
        Ok(root.unwrap_or(Node { value: Value::Null, span: start }))
    }

    fn next(&mut self) -> Result<(Event<'t>, Range)> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok((Event::StreamEnd, Range::empty(Marker::new(0, 1, 0)))),
        }
    }

    fn node(&mut self, event: Event<'t>, range: Range, depth: usize) -> Result<Node> {
        let span = self.span(range);
        if depth > MAX_DEPTH {
            return Err(Error::wrong(format!("nested deeper than {MAX_DEPTH} levels")).at(span));
        }
        self.take_room(1, span)?;
        let (anchor, node) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref(), span)?)
            }
            Event::SequenceStart(style, anchor, tag) => {
                untagged(tag.as_deref(), span)?;
                (anchor, self.list(style, span, depth)?)
            }
            Event::MappingStart(style, anchor, tag) => {
                untagged(tag.as_deref(), span)?;
                (anchor, self.map(style, span, depth)?)
            }
            other => return Err(Error::defect(format!("unexpected YAML event {other:?}")).at(span)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Node> {
        let plain = match tag {
            None => style == ScalarStyle::Plain,
            Some(tag) if tag.is_yaml_core_schema_tag("str") => false,
            tag => return untagged(tag, span).map(|()| Node { value: Value::Null, span }),
        };
        let text = shield::bare(text);
        let text = text.as_ref();
        let value = match self.fill.filter(|_| text.contains('$')) {
            Some(fill) => {
                let filled = fill(text, span)?;
                if plain { scalar::filled(filled) } else { Ok(Value::Text(filled)) }
            }
            None if plain => scalar::plain(text),
            None => Ok(Value::Text(text.to_owned())),
        };
        Ok(Node { value: value.map_err(|error| error.at(span))?, span })
    }

    fn list(&mut self, style: StructureStyle, start: Span, depth: usize) -> Result<Node> {
        let mut items = Vec::new();
        loop {
            let (event, range) = self.next()?;
            if event == Event::SequenceEnd {
                let span = extent(style, start, range.end);
                return Ok(Node { value: Value::List(items), span });
            }
            items.push(self.node(event, range, depth + 1)?);
        }
    }

    fn map(&mut self, style: StructureStyle, start: Span, depth: usize) -> Result<Node> {
        let mut entries: Vec<(Spanned<String>, Node)> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, range) = self.next()?;
            if event == Event::MappingEnd {
                let mut span = extent(style, start, range.end);
                if let (StructureStyle::Block, Some((key, _))) = (style, entries.first()) {
                    span = key.span;
                }
                return Ok(Node { value: Value::Map(entries), span });
            }
            let key = self.key(&event, range)?;
            match seen.entry(key.value.clone()) {
                Entry::Vacant(free) => free.insert(key.span),
                Entry::Occupied(first) => {
                    let Span { line, column, .. } = *first.get();
                    return Err(Error::wrong(format!(
                        "the key \"{}\" stands twice in this mapping",
                        key.value
                    ))
                    .at(key.span)
                    .hint(format!("it first stands at {line}:{column}; keep one of the two")));
                }
            };
            let (event, range) = self.next()?;
            let mut node = self.node(event, range, depth + 1)?;
            if node.value == Value::Null && node.span.len == 1 {
                node.span = key.span;
            }
            entries.push((key, node));
        }
    }

    fn key(&mut self, event: &Event<'t>, range: Range) -> Result<Spanned<String>> {
        let span = self.span(range);
        self.take_room(1, span)?;
        match event {
            Event::Scalar(text, style, 0, None) if *style != ScalarStyle::Plain || !text.is_empty() => {
                Ok(Spanned { value: shield::bare(text).into_owned(), span })
            }
            _ => Err(Error::wrong("a key of a mapping must be plain text").at(span)),
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node> {
        let node = self.anchors.get(&anchor).cloned();
        let node = node.ok_or_else(|| Error::wrong("the alias refers to what it stands in").at(span))?;
        self.take_room(node.count(), span)?;
        Ok(node)
    }

    fn take_room(&mut self, nodes: usize, span: Span) -> Result<()> {
        let room = self.room.checked_sub(nodes).ok_or_else(|| {
            Error::wrong(format!(
                "the file holds more than {MAX_NODES} values, counting every use of an alias"
            ))
            .at(span)
        })?;
        self.room = room;
        Ok(())
    }

    /// The part of `range` on its first line, without blanks at its end.
    fn span(&self, range: Range) -> Span {
        let slice = range.byte_range().and_then(|bytes| self.source.get(bytes)).unwrap_or("");
        let line = slice.split(['\n', '\r']).next().unwrap_or("").trim_end();
        let Span { line: number, column, .. } = point(range.start);
        Span { line: number, column, len: line.chars().count().max(1) }
    }
}

/// Where a collection stands: all of it if it is written in brackets on one line, else its start.
fn extent(style: StructureStyle, start: Span, end: Marker) -> Span {
    let end = point(end);
    let len = if style == StructureStyle::Flow && end.line == start.line {
        end.column.saturating_sub(start.column).max(1)
    } else {
        1
    };
    Span { len, ..start }
}

fn point(marker: Marker) -> Span {
    Span { line: marker.line().max(1), column: marker.col() + 1, len: 1 }
}

fn untagged(tag: Option<&Tag>, span: Span) -> Result<()> {
    match tag {
        None => Ok(()),
        Some(tag) => Err(Error::wrong(format!("the tag {} means nothing here", tag.original())).at(span)),
    }
}

fn syntax(error: &ScanError) -> Error {
    let wrong = Error::wrong(format!("this is not YAML: {}", error.info())).at(point(*error.marker()));
    match error.kind() {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            wrong.hint("indent with spaces; YAML does not allow tabs there")
        }
        ErrorKind::UnknownAnchor => wrong.hint("an alias `*name` needs an anchor `&name` before it"),
        _ => wrong,
    }
}
