//! Queries in the SQL of another tool's database, as queries over `this`.
//!
//! Only a single SELECT that reads nothing but its own dataset is taken: the tables after FROM and JOIN are
//! found by their place, and everything else stays as it is.

use super::bounds::Bounds;
use super::draft::Draft;
use super::sql;

/// Words that can stand behind a table, where others would name it anew.
const FOLLOWING: [&str; 22] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "union",
    "except",
    "intersect",
    "lateral",
    "window",
    "fetch",
    "qualify",
];

/// Words that end the list of tables.
const ENDING: [&str; 9] =
    ["where", "group", "order", "having", "limit", "select", "union", "except", "intersect"];

/// Functions that take FROM between their arguments.
const CALLS: [&str; 4] = ["extract", "substring", "trim", "overlay"];

const DIALECT: &str = "its SQL is read as Lockgate's, not as its database's";

/// The check that a query over `this` gives no rows.
pub(super) fn no_rows(query: &str) -> Draft {
    Draft::new("custom_sql").with("query", query).but(DIALECT)
}

/// The check that a query over `this` gives one number within `bounds`.
pub(super) fn number(query: &str, bounds: Bounds) -> Draft {
    bounds.of_figure(Draft::new("custom_sql").with("query", query).with("expect", "scalar")).but(DIALECT)
}

/// The query over `this` that gives the figure `expression`.
pub(super) fn figure(expression: &str) -> Result<String, String> {
    over_this(&format!("SELECT {expression} AS figure FROM this"), &[])
}

/// The query `text` over `this`, which the other tool calls by one of `own` names.
pub(super) fn over_this(text: &str, own: &[&str]) -> Result<String, String> {
    sql::filled(text)?;
    let mut tokens = tokens(text)?;
    if tokens.last().is_some_and(|last| last.text == ";") {
        tokens.pop();
    }
    let is_one = tokens.first().is_some_and(|first| first.is("select"))
        && tokens.iter().all(|token| token.text != ";");
    if !is_one {
        return Err("its query is not one SELECT".into());
    }
    rewritten(&tokens, own)
}

fn rewritten(tokens: &[Token<'_>], own: &[&str]) -> Result<String, String> {
    let mut query = String::new();
    // Of each bracket that is open: whether a comma in it is followed by a table, and whether it is that of
    // a function that takes FROM.
    let mut open = vec![(false, false)];
    let (mut at, mut reads) = (0, false);
    while let Some(token) = tokens.get(at) {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        token.write(&mut query);
        at += 1;
        let (lists, is_call) = open.last_mut().ok_or("its brackets do not match")?;
        let names = token.is("from") && !*is_call && !before.is_some_and(|before| before.is("distinct"))
            || token.is("join")
            || token.text == "," && *lists;
        if names {
            (*lists, reads) = (true, true);
            at = table(tokens, at, own, &mut query)?;
        } else if token.text == "(" {
            open.push((false, before.is_some_and(|before| CALLS.iter().any(|call| before.is(call)))));
        } else if token.text == ")" {
            open.pop();
        } else if ENDING.iter().any(|word| token.is(word)) {
            *lists = false;
        }
    }
    if open.len() != 1 {
        return Err("its brackets do not match".into());
    }
    if reads { Ok(query) } else { Err("its query reads no rows".into()) }
}

/// Writes the table at `at` as `this`, and gives the place behind it.
fn table(tokens: &[Token<'_>], at: usize, own: &[&str], query: &mut String) -> Result<usize, String> {
    let Some(first) = tokens.get(at).filter(|first| first.text != "(") else { return Ok(at) };
    let (mut last, mut next) = (first, at + 1);
    while let (Some(dot), Some(part)) = (tokens.get(next), tokens.get(next + 1))
        && dot.text == "."
    {
        (last, next) = (part, next + 2);
    }
    let name = last.text.trim_matches(['"', '`']);
    if !(last.is_name() && (name == "this" || own.iter().any(|own| own.eq_ignore_ascii_case(name)))) {
        return Err(format!("it reads {name} besides, which a query of one dataset does not"));
    }
    let following = tokens.get(next);
    if following.is_some_and(|following| following.text == "(") {
        return Err(format!("it reads what {name} makes of its arguments"));
    }
    let is_renamed = following
        .is_some_and(|following| following.is_name() && !FOLLOWING.iter().any(|word| following.is(word)));
    query.push_str(" this");
    if !is_renamed && name != "this" {
        query.push_str(" AS ");
        query.push_str(last.text);
    }
    Ok(next)
}

/// A part of a query.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    /// Whether something that says nothing stands before it.
    is_apart: bool,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it can be a name: a word, or a text in quotes for names.
    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || "_\"`".contains(c))
    }

    fn write(&self, query: &mut String) {
        if self.is_apart && !query.is_empty() {
            query.push(' ');
        }
        query.push_str(self.text);
    }
}

/// Words, texts in quotes and signs, without comments.
fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let (mut tokens, mut rest, mut is_apart) = (Vec::new(), text, false);
    loop {
        let trimmed = rest.trim_start();
        is_apart |= trimmed.len() < rest.len();
        rest = trimmed;
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            is_apart = true;
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").ok_or("a comment in its query is not closed")?.1;
            is_apart = true;
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '\'' | '"' | '`' => quoted(rest, first)?,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, more) = rest.split_at(length);
        tokens.push(Token { text: token, is_apart: std::mem::take(&mut is_apart) });
        rest = more;
    }
}

/// The length of the text in quotes that `text` begins with; a quote in it is doubled.
fn quoted(text: &str, quote: char) -> Result<usize, String> {
    let mut end = 1;
    loop {
        end += text[end..].find(quote).ok_or("a quote in its query is not closed")? + 1;
        if !text[end..].starts_with(quote) {
            return Ok(end);
        }
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(text: &str) -> Result<String, String> {
        over_this(text, &["orders"])
    }

    #[test]
    fn its_own_dataset_becomes_this_and_everything_else_stays() {
        let cases = [
            ("select * from orders where total < 0;", "select * from this AS orders where total < 0"),
            ("SELECT o.id FROM shop.public.\"Orders\" o", "SELECT o.id FROM this o"),
            (
                "SELECT 1 -- from x\nFROM orders AS a JOIN orders b ON a.id=b.up, orders c",
                "SELECT 1 FROM this AS a JOIN this b ON a.id=b.up, this c",
            ),
            (
                "SELECT 'from y''s (' FROM (SELECT a, b FROM orders) t",
                "SELECT 'from y''s (' FROM (SELECT a, b FROM this AS orders) t",
            ),
            (
                "SELECT extract(year FROM day) FROM orders WHERE a IS DISTINCT FROM b",
                "SELECT extract(year FROM day) FROM this AS orders WHERE a IS DISTINCT FROM b",
            ),
            ("SELECT f(a, b), c FROM this", "SELECT f(a, b), c FROM this"),
        ];
        for (text, wanted) in cases {
            assert_eq!(over(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_reads_more_or_is_no_query_is_refused() {
        for text in [
            "SELECT 1 FROM customers",
            "SELECT 1 FROM orders, customers",
            "SELECT 1 FROM orders WHERE id IN (SELECT id FROM customers)",
            "SELECT 1 FROM orders(5)",
            "WITH a AS (SELECT 1) SELECT 1 FROM a",
            "DELETE FROM orders",
            "SELECT 1 FROM orders; DROP TABLE orders",
            "SELECT 1 FROM orders WHERE a = '{{ x }}'",
            "SELECT 'open FROM orders",
            "SELECT 1",
            "SELECT (1 FROM orders",
            "SELECT 1) FROM orders",
            "",
        ] {
            assert!(over(text).is_err(), "{text}: {:?}", over(text));
        }
    }
}
