//! Functions of text. Positions and lengths count characters, from 1.

use polars::prelude::{DataType, Expr, Int64Chunked, IntoSeries as _, LiteralValue, concat_str, lit};

use super::super::cast::to_text;
use super::super::function::{Function, Kind};
use super::super::kernel::{kernel, rows, text, text_to_text};
use super::super::term::Literal;
use super::super::text_change::{lowercase, uppercase};
use super::super::typed::Typed;
use super::{SCALAR, expr, takes, takes_maybe, takes_more, whole};
use crate::error::{Error, Result};

pub(super) static TEXT: &[Function] = &[
    Function {
        name: "concat",
        signature: "concat(a, b, …)",
        summary: "The arguments as text, joined.",
        nulls: "nulls are passed over; the empty text where all are null (a || b is null where one is)",
        example: ("concat('a', NULL, 1)", "a1"),
        params: takes_more(&[Kind::Any], Kind::Any),
        lower: |args| Ok(concat_str(texts(args)?, "", true)),
        ..SCALAR
    },
    Function {
        name: "concat_ws",
        signature: "concat_ws(separator, a, b, …)",
        summary: "The arguments as text, joined with a separator between them.",
        nulls: "nulls are passed over, with their separator",
        example: ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        params: takes_more(&[Kind::Constant, Kind::Any], Kind::Any),
        lower: |args| Ok(concat_str(texts(&args[1..])?, args[0].constant()?, true)),
        ..SCALAR
    },
    Function {
        name: "lower",
        aliases: &["lcase"],
        signature: "lower(s)",
        summary: "The text in lower case.",
        example: ("lower('ÄB')", "äb"),
        params: takes(&[Kind::Text]),
        lower: |args| Ok(lowercase(expr(args, 0))),
        ..SCALAR
    },
    Function {
        name: "upper",
        aliases: &["ucase"],
        signature: "upper(s)",
        summary: "The text in upper case.",
        example: ("upper('äb')", "ÄB"),
        params: takes(&[Kind::Text]),
        lower: |args| Ok(uppercase(expr(args, 0))),
        ..SCALAR
    },
    Function {
        name: "trim",
        signature: "trim(s[, characters])",
        summary: "The text without the characters, by default blanks of any kind, at its ends.",
        example: ("trim('  ab ')", "ab"),
        params: takes_maybe(&[Kind::Text], &[Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().strip_chars(stripped(args))),
        ..SCALAR
    },
    Function {
        name: "ltrim",
        signature: "ltrim(s[, characters])",
        summary: "The text without the characters, by default blanks of any kind, at its start.",
        example: ("ltrim('xxab', 'x')", "ab"),
        params: takes_maybe(&[Kind::Text], &[Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().strip_chars_start(stripped(args))),
        ..SCALAR
    },
    Function {
        name: "rtrim",
        signature: "rtrim(s[, characters])",
        summary: "The text without the characters, by default blanks of any kind, at its end.",
        example: ("rtrim('ab  ')", "ab"),
        params: takes_maybe(&[Kind::Text], &[Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().strip_chars_end(stripped(args))),
        ..SCALAR
    },
    Function {
        name: "length",
        aliases: &["char_length", "len"],
        signature: "length(s)",
        summary: "The number of characters.",
        nulls: "null for null, 0 for the empty text",
        example: ("length('äb')", "2"),
        params: takes(&[Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().len_chars().cast(DataType::Int64)),
        ..SCALAR
    },
    Function {
        name: "byte_length",
        aliases: &["octet_length", "strlen"],
        signature: "byte_length(s)",
        summary: "The number of bytes in UTF-8.",
        nulls: "null for null, 0 for the empty text",
        example: ("byte_length('äb')", "3"),
        params: takes(&[Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().len_bytes().cast(DataType::Int64)),
        ..SCALAR
    },
    Function {
        name: "substr",
        aliases: &["substring"],
        signature: "substr(s, start[, length])",
        summary: "The part from the start, 1 being the first character and -1 the last.",
        example: ("substr('lockgate', 5, 3)", "gat"),
        params: takes_maybe(&[Kind::Text, Kind::Int], &[Kind::Int]),
        lower: |args| {
            let length = if args.len() > 2 { whole(args, 2) } else { lit(i64::MAX) };
            Ok(text_to_text(vec![expr(args, 0), whole(args, 1), length], 1, |texts, numbers| {
                part(texts[0], numbers[0], numbers[1])
            }))
        },
        ..SCALAR
    },
    Function {
        name: "left",
        signature: "left(s, n)",
        summary: "The first n characters; all but the last -n for a negative n.",
        example: ("left('abc', 2)", "ab"),
        params: takes(&[Kind::Text, Kind::Int]),
        lower: |args| Ok(expr(args, 0).str().head(whole(args, 1))),
        ..SCALAR
    },
    Function {
        name: "right",
        signature: "right(s, n)",
        summary: "The last n characters; all but the first -n for a negative n.",
        example: ("right('abc', 2)", "bc"),
        params: takes(&[Kind::Text, Kind::Int]),
        lower: |args| Ok(expr(args, 0).str().tail(whole(args, 1))),
        ..SCALAR
    },
    Function {
        name: "replace",
        signature: "replace(s, from, to)",
        summary: "The text with every occurrence of one text replaced by another.",
        nulls: "null where an argument is null; nothing is replaced for the empty text",
        example: ("replace('a.b.c', '.', '-')", "a-b-c"),
        params: takes(&[Kind::Text, Kind::Text, Kind::Text]),
        lower: |args| {
            Ok(text_to_text(vec![expr(args, 0), expr(args, 1), expr(args, 2)], 3, |texts, _| {
                if texts[1].is_empty() { texts[0].to_owned() } else { texts[0].replace(texts[1], texts[2]) }
            }))
        },
        ..SCALAR
    },
    Function {
        name: "regexp_matches",
        aliases: &["regexp_like"],
        signature: "regexp_matches(s, pattern)",
        summary: "Whether the pattern matches somewhere in the text.",
        example: ("regexp_matches('AB12', '[0-9]{2}$')", "true"),
        params: takes(&[Kind::Text, Kind::Constant]),
        lower: |args| Ok(expr(args, 0).str().contains(lit(pattern(args)?), true)),
        ..SCALAR
    },
    Function {
        name: "regexp_replace",
        signature: "regexp_replace(s, pattern, replacement)",
        summary: "The text with every match replaced; \\1 in the replacement stands for the first group.",
        example: ("regexp_replace('ab-cd', '(\\w+)-(\\w+)', '\\2-\\1')", "cd-ab"),
        params: takes(&[Kind::Text, Kind::Constant, Kind::Constant]),
        lower: |args| {
            let replacement = replacement(args[2].constant()?);
            Ok(expr(args, 0).str().replace_all(lit(pattern(args)?), lit(replacement), false))
        },
        ..SCALAR
    },
    Function {
        name: "regexp_extract",
        signature: "regexp_extract(s, pattern[, group])",
        summary: "The first match of the pattern, or of a group in it, 1 being the first.",
        nulls: "null for null and where nothing matches",
        example: ("regexp_extract('AB12', '([A-Z]+)([0-9]+)', 2)", "12"),
        params: takes_maybe(&[Kind::Text, Kind::Constant], &[Kind::Count]),
        lower: |args| {
            let group = args.get(2).map_or(Ok(0), Typed::count)?;
            let group = usize::try_from(group).map_err(|_| Error::wrong("a group is counted from 0"))?;
            Ok(expr(args, 0).str().extract(lit(pattern(args)?), group))
        },
        ..SCALAR
    },
    Function {
        name: "starts_with",
        signature: "starts_with(s, start)",
        summary: "Whether the text starts so.",
        example: ("starts_with('lockgate', 'lock')", "true"),
        params: takes(&[Kind::Text, Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().starts_with(expr(args, 1))),
        ..SCALAR
    },
    Function {
        name: "ends_with",
        signature: "ends_with(s, end)",
        summary: "Whether the text ends so.",
        example: ("ends_with('lockgate', 'lock')", "false"),
        params: takes(&[Kind::Text, Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().ends_with(expr(args, 1))),
        ..SCALAR
    },
    Function {
        name: "contains",
        signature: "contains(s, part)",
        summary: "Whether the text contains the other.",
        example: ("contains('lockgate', 'kg')", "true"),
        params: takes(&[Kind::Text, Kind::Text]),
        lower: |args| Ok(expr(args, 0).str().contains_literal(expr(args, 1))),
        ..SCALAR
    },
    Function {
        name: "strpos",
        aliases: &["instr", "position"],
        signature: "strpos(s, part)",
        summary: "Where the part first stands in the text, 1 being the start; 0 if it does not.",
        example: ("strpos('äbc', 'c')", "3"),
        params: takes(&[Kind::Text, Kind::Text]),
        lower: |args| Ok(position(expr(args, 0), expr(args, 1))),
        ..SCALAR
    },
    Function {
        name: "split_part",
        signature: "split_part(s, separator, n)",
        summary: "The n-th part between separators, -1 being the last; the empty text if there is none.",
        example: ("split_part('a/b/c', '/', 2)", "b"),
        params: takes(&[Kind::Text, Kind::Text, Kind::Int]),
        lower: |args| {
            Ok(text_to_text(vec![expr(args, 0), expr(args, 1), whole(args, 2)], 2, |texts, numbers| {
                split_part(texts[0], texts[1], numbers[0])
            }))
        },
        ..SCALAR
    },
    Function {
        name: "lpad",
        signature: "lpad(s, length[, fill])",
        summary: "The text brought to a length: filled at the start, by default with blanks, or cut at the end.",
        example: ("lpad('7', 3, '0')", "007"),
        params: takes_maybe(&[Kind::Text, Kind::Int], &[Kind::Text]),
        lower: |args| Ok(padded(args, |text, fill| fill + text)),
        ..SCALAR
    },
    Function {
        name: "rpad",
        signature: "rpad(s, length[, fill])",
        summary: "The text brought to a length: filled at the end, by default with blanks, or cut there.",
        example: ("rpad('ab', 4, '.')", "ab.."),
        params: takes_maybe(&[Kind::Text, Kind::Int], &[Kind::Text]),
        lower: |args| Ok(padded(args, |text, fill| text.to_owned() + &fill)),
        ..SCALAR
    },
    Function {
        name: "reverse",
        signature: "reverse(s)",
        summary: "The characters in reverse order.",
        example: ("reverse('abc')", "cba"),
        params: takes(&[Kind::Text]),
        lower: |args| Ok(text_to_text(vec![expr(args, 0)], 1, |texts, _| texts[0].chars().rev().collect())),
        ..SCALAR
    },
];

fn texts(args: &[Typed]) -> Result<Vec<Expr>> {
    args.iter().map(to_text).collect()
}

fn stripped(args: &[Typed]) -> Expr {
    args.get(1).map_or_else(|| lit(LiteralValue::untyped_null()), |arg| arg.expr.clone())
}

fn part(text: &str, start: i64, length: i64) -> String {
    let begin = match start {
        1.. => start - 1,
        0 => -1,
        _ => text.chars().count() as i64 + start,
    };
    let end = begin.saturating_add(length.max(0)).max(0);
    let begin = begin.max(0);
    text.chars().skip(begin as usize).take(end.saturating_sub(begin).max(0) as usize).collect()
}

/// The pattern in the second argument, once it is known to be one.
fn pattern(args: &[Typed]) -> Result<String> {
    let text = args[1].constant()?;
    regex::Regex::new(text).map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        Error::wrong(format!("cannot read the pattern '{text}': {reason}")).at(args[1].span)
    })?;
    Ok(text.to_owned())
}

/// SQL's `\1` as the regex crate writes it, and its `$` as plain text.
fn replacement(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                out.extend(["${".to_owned(), digit.to_string(), "}".to_owned()]);
                chars.next();
            }
            ('\\', Some('\\')) => {
                out.push('\\');
                chars.next();
            }
            ('$', _) => out += "$$",
            (c, _) => out.push(c),
        }
    }
    out
}

fn position(input: Expr, part: Expr) -> Expr {
    kernel(vec![input, part], DataType::Int64, |args| {
        let (input, part) = (args[0].str()?, args[1].str()?);
        let find = |row| {
            let input = text(input, row)?;
            let at = input.find(text(part, row)?);
            Some(at.map_or(0, |at| input[..at].chars().count() as i64 + 1))
        };
        Ok((0..rows(args)).map(find).collect::<Int64Chunked>().into_series())
    })
}

fn split_part(text: &str, separator: &str, n: i64) -> String {
    let mut parts: Vec<&str> =
        if separator.is_empty() { vec![text] } else { text.split(separator).collect() };
    if n < 0 {
        parts.reverse();
    }
    let index = (n.unsigned_abs() as usize).checked_sub(1);
    index.and_then(|index| parts.get(index)).map_or_else(String::new, |part| (*part).to_owned())
}

/// Longest text that padding makes, in characters, so that a wrong length cannot fill the memory.
const LONGEST: i64 = 65_536;

fn padded(args: &[Typed], join: fn(&str, String) -> String) -> Expr {
    let blank = Typed::literal(Literal::Text(" ".into()), args[0].span).expr;
    let fill = args.get(2).map_or(blank, |arg| arg.expr.clone());
    text_to_text(vec![expr(args, 0), fill, whole(args, 1)], 2, move |texts, numbers| {
        let (text, fill, length) = (texts[0], texts[1], numbers[0].clamp(0, LONGEST) as usize);
        let has = text.chars().count();
        if has >= length || fill.is_empty() {
            return text.chars().take(length).collect();
        }
        join(text, fill.chars().cycle().take(length - has).collect())
    })
}
