//! `sql`: a query over the table and others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use polars::prelude::{
    DataFrame, IntoLazy, JoinOptions, LazyFrame, MaintainOrderJoin, PolarsResult, Schema, polars_err,
};
use polars::sql::SQLContext;
use polars_plan::dsl::DslPlan;
use schemars::JsonSchema;
use serde::Deserialize;
use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::column::is_hidden;
use super::{BindContext, Example, Lowering, Step, StepDef, WholeStep, arguments};
use crate::error::{Error, Result};
use crate::spec::{FromNode, Node, OneOrMany, Span, Spanned, Value, decode};

/// Longest query, in bytes.
const MAX_BYTES: usize = 256 << 10;
/// Deepest nesting of parentheses and queries.
const MAX_NESTING: usize = 48;
/// Deepest tree.
const MAX_DEPTH: usize = 1000;
/// Words that put queries together, and how many operators one is worth: Polars takes more to plan it.
const JOINING: [Keyword; 3] = [Keyword::UNION, Keyword::EXCEPT, Keyword::INTERSECT];
const QUERY: usize = 10;

/// What the query calls the table the step stands in.
const THIS: &str = "this";

pub(super) static STEP: StepDef = StepDef {
    name: "sql",
    summary: "Runs one SELECT over the table, called `this`, and the tables named in `reads`, in Polars' dialect of \
              SQL. All rows are held in memory.",
    nulls: "As SQL says. Without ORDER BY, rows come in the order of the table: groups as they first appear, the rows \
            of a join in the order of the left side. Rows equal under ORDER BY keep that order. Columns of the \
            engine's own are not seen by the query.",
    example: Example {
        step: "sql: {query: \"SELECT name, COUNT(*) AS flights FROM this JOIN airlines USING (carrier) GROUP BY name\", \
               reads: airlines}",
        input: "id:int64,carrier:string\n1,UA\n2,B6\n3,UA\n4,",
        others: &[("airlines", "carrier:string,name:string\nB6,JetBlue\nUA,United")],
        output: "name:string,flights:uint32\nUnited,2\nJetBlue,1",
    },
    parse: |node| Ok(Box::new(Sql::from_node(node)?)),
    schema: |generator| {
        arguments::any_of([generator.subschema_for::<String>(), generator.subschema_for::<Sql>()])
    },
};

/// The query and the tables it reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sql {
    /// One SELECT.
    query: Spanned<String>,
    /// Sources or tables the query names, apart from `this`.
    #[serde(default)]
    reads: OneOrMany<Spanned<String>>,
}

/// The step that asks a query of the table and of others.
pub(crate) fn query_step(query: &str, reads: &[String], span: Span) -> (&'static StepDef, Box<dyn Step>) {
    let spanned = |text: &str| Spanned { value: text.to_owned(), span };
    let reads = reads.iter().map(|name| spanned(name)).collect::<Vec<_>>();
    (&STEP, Box::new(Sql { query: spanned(query), reads: OneOrMany(reads) }))
}

impl FromNode for Sql {
    fn from_node(node: &Node) -> Result<Self> {
        match node.value {
            Value::Map(_) | Value::Null => decode(node),
            _ => Ok(Self { query: decode(node)?, reads: OneOrMany::default() }),
        }
    }
}

impl Step for Sql {
    fn reads(&self) -> Vec<&Spanned<String>> {
        self.reads.iter().collect()
    }

    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        only_a_select(&self.query)?;
        let query = Query {
            text: self.query.value.clone(),
            tables: self.reads.iter().map(|name| name.value.clone()).collect(),
        };
        let empty = |schema: &Schema| DataFrame::empty_with_schema(schema).lazy();
        let others = cx.others.iter().map(|(_, schema)| empty(schema)).collect();
        // Some of what is wrong with a query makes Polars panic, such as a pattern in COLUMNS that is none.
        let planned = catch_unwind(AssertUnwindSafe(|| {
            query.lazy(empty(cx.input), others).and_then(|mut frame| frame.collect_schema())
        }));
        let schema = planned
            .unwrap_or_else(|_| Err(polars_err!(ComputeError: "Polars cannot make sense of it")))
            .map_err(|error| {
                Error::wrong(format!("the query cannot run: {error}"))
                    .at(self.query.span)
                    .hint(format!("it knows the tables {}", self.known_tables()))
            })?;
        if let Some((name, _)) = schema.iter().find(|(name, _)| is_hidden(name)) {
            return Err(Error::wrong(format!("the column name \"{name}\" is reserved")).at(self.query.span));
        }
        Ok(Lowering::Whole(Box::new(query)))
    }
}

impl Sql {
    fn known_tables(&self) -> String {
        let names = self.reads.iter().map(|name| name.value.as_str());
        [THIS].into_iter().chain(names).collect::<Vec<_>>().join(", ")
    }
}

fn only_a_select(query: &Spanned<String>) -> Result<()> {
    let no_sql =
        |error: &dyn std::fmt::Display| Error::wrong(format!("the query is not SQL: {error}")).at(query.span);
    if query.value.len() > MAX_BYTES {
        let message = format!("the query is longer than {} KiB", MAX_BYTES >> 10);
        return Err(Error::wrong(message).at(query.span));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, &query.value).tokenize_with_location();
    let tokens = tokens.map_err(|error| no_sql(&error))?;
    if depth(tokens.iter().map(|token| &token.token)) > MAX_DEPTH {
        let message = format!("the query has an expression of more than {MAX_DEPTH} operators");
        return Err(Error::wrong(message).at(query.span));
    }
    let parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    let mut parser = parser.with_recursion_limit(MAX_NESTING);
    let statements = parser.parse_statements().map_err(|error| no_sql(&error))?;
    match statements.as_slice() {
        [Statement::Query(_)] => Ok(()),
        _ => Err(Error::wrong("the query must be one SELECT").at(query.span)),
    }
}

/// How deep the tree of a query may be at most, as it is followed and left by recursion: the most operators and
/// keywords in a chain, where each pair of parentheses counts as much as what is within it.
fn depth<'t>(tokens: impl Iterator<Item = &'t Token>) -> usize {
    /// What stands within parentheses: the chain up to now, the longest of those that commas have ended, and how
    /// many queries were put together, which no comma ends.
    #[derive(Default)]
    struct Level {
        chain: usize,
        longest: usize,
        queries: usize,
    }
    impl Level {
        fn depth(&self) -> usize {
            self.longest.max(self.chain) + QUERY * self.queries
        }
    }
    let mut open = vec![Level::default()];
    let mut deepest = 0;
    for token in tokens {
        match token {
            Token::LParen => open.push(Level::default()),
            Token::RParen if open.len() > 1 => {
                let within = open.pop().map_or(0, |level| level.depth());
                if let Some(level) = open.last_mut() {
                    level.chain += within + 1;
                }
            }
            Token::Number(..) | Token::SingleQuotedString(_) | Token::Whitespace(_) | Token::EOF => {}
            Token::Word(word) if word.keyword == Keyword::NoKeyword => {}
            other => {
                let Some(level) = open.last_mut() else { continue };
                match other {
                    Token::Comma => level.longest = level.longest.max(std::mem::take(&mut level.chain)),
                    Token::Word(word) if JOINING.contains(&word.keyword) => level.queries += 1,
                    _ => level.chain += 1,
                }
            }
        }
        deepest = deepest.max(open.iter().map(Level::depth).sum());
    }
    deepest
}

/// A checked query.
struct Query {
    text: String,
    tables: Vec<String>,
}

impl WholeStep for Query {
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame> {
        let mut context = SQLContext::new();
        for (name, frame) in [THIS]
            .into_iter()
            .chain(self.tables.iter().map(String::as_str))
            .zip([input].into_iter().chain(others))
        {
            context.register(name, without_hidden(frame)?);
        }
        let frame = context.execute(&self.text)?;
        let flags = frame.get_current_optimizations();
        Ok(LazyFrame::from_logical_plan(in_order(&frame.logical_plan), flags))
    }
}

fn without_hidden(mut frame: LazyFrame) -> PolarsResult<LazyFrame> {
    let schema = frame.collect_schema()?;
    let shown: Vec<_> =
        schema.iter_names().filter(|name| !is_hidden(name)).map(super::column::column).collect();
    Ok(if shown.len() == schema.len() { frame } else { frame.select(shown) })
}

/// The plan with every operation told to keep the order of its rows, which SQL leaves open.
fn in_order(plan: &DslPlan) -> DslPlan {
    let kept = |input: &Arc<DslPlan>| Arc::new(in_order(input));
    let mut plan = match plan {
        // A plan that was looked at for its schema; its own nodes belong to another arena.
        DslPlan::IR { dsl, .. } => return in_order(dsl),
        other => other.clone(),
    };
    match &mut plan {
        DslPlan::GroupBy { input, maintain_order, .. } => {
            *maintain_order = true;
            *input = kept(input);
        }
        DslPlan::Join { input_left, input_right, options, .. } => {
            let mut ordered: JoinOptions = options.as_ref().clone();
            ordered.args.maintain_order = MaintainOrderJoin::LeftRight;
            *options = Arc::new(ordered);
            (*input_left, *input_right) = (kept(input_left), kept(input_right));
        }
        DslPlan::Distinct { input, options } => {
            options.maintain_order = true;
            *input = kept(input);
        }
        DslPlan::Sort { input, sort_options, .. } => {
            sort_options.maintain_order = true;
            *input = kept(input);
        }
        DslPlan::Union { inputs, args } => {
            args.maintain_order = true;
            *inputs = inputs.iter().map(in_order).collect();
        }
        DslPlan::HConcat { inputs, .. } | DslPlan::SinkMultiple { inputs } => {
            *inputs = inputs.iter().map(in_order).collect();
        }
        DslPlan::ExtContext { input, contexts } => {
            *input = kept(input);
            *contexts = contexts.iter().map(in_order).collect();
        }
        DslPlan::Filter { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::Select { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::MatchToSchema { input, .. }
        | DslPlan::Pivot { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::MapFunction { input, .. }
        | DslPlan::Sink { input, .. } => *input = kept(input),
        DslPlan::Gather { input, idxs, .. } => (*input, *idxs) = (kept(input), kept(idxs)),
        DslPlan::PipeWithSchema { input, .. } => *input = input.iter().map(in_order).collect(),
        DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } | DslPlan::IR { .. } => {}
    }
    plan
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn groups_come_in_the_order_of_their_first_rows() {
        let input = "k:string,v:int64\nd,1\nb,2\nd,3\na,4\nc,5\nb,6";
        gives(
            "sql: SELECT k, SUM(v) AS v FROM this GROUP BY k",
            input,
            "k:string,v:int64\nd,4\nb,8\na,4\nc,5",
        );
        gives("sql: SELECT DISTINCT k FROM this", input, "k:string\nd\nb\na\nc");
    }

    #[test]
    fn rows_equal_under_order_by_stay_in_their_order() {
        gives(
            "sql: SELECT * FROM this ORDER BY v DESC",
            "id:int64,v:int64\n1,0\n2,1\n3,0\n4,1",
            "id:int64,v:int64\n2,1\n4,1\n1,0\n3,0",
        );
    }

    #[test]
    fn only_one_select_is_taken() {
        for query in [
            "DROP TABLE this",
            "SELECT 1 AS a; SELECT 2 AS a",
            "SELEC x",
            "SELECT nope FROM this",
            "SELECT * FROM other",
        ] {
            assert!(outcome(&format!("sql: {query}"), "x:int64\n1").is_err(), "{query}");
        }
    }

    #[test]
    fn nothing_but_the_tables_it_names_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there.csv").display().to_string();
        std::fs::write(&file, "x\n1\n").unwrap();
        for from in [
            format!("read_csv('{file}')"),
            format!("read_parquet('{file}')"),
            format!("read_ipc('{file}')"),
            format!("read_json('{file}')"),
            format!("'{file}'"),
            format!("\"{file}\""),
        ] {
            for query in [
                format!("SELECT * FROM {from}"),
                format!("WITH t AS (SELECT * FROM {from}) SELECT * FROM t"),
                format!("SELECT this.x FROM this JOIN (SELECT * FROM {from}) o ON this.x = o.x"),
                format!("SELECT x FROM this WHERE x IN (SELECT x FROM {from})"),
            ] {
                let step = format!("sql: {}", serde_json::Value::from(query));
                assert!(outcome(&step, "x:int64\n1").is_err(), "{step}");
            }
        }
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let sum = |terms: usize| vec!["x"; terms].join(" + ");
        let wide: Vec<String> = (0..3_000).map(|at| format!("CAST(x AS FLOAT) AS c{at}")).collect();
        assert!(outcome(&format!("sql: SELECT {} FROM this", wide.join(", ")), "x:int64\n1").is_ok());
        for query in [
            format!("SELECT {} AS s FROM this", sum(100_000)),
            format!("SELECT {} AS s FROM this", sum(5_000)),
            vec!["SELECT x FROM this"; 2_000].join(" UNION ALL "),
            vec!["SELECT x, x FROM this"; 300].join(" UNION ALL "),
            format!("SELECT (({}) + {}) AS s FROM this", sum(600), sum(600)),
            format!("SELECT {}x{} AS s FROM this", "(".repeat(10_000), ")".repeat(10_000)),
            "SELECT COLUMNS('(') FROM this".to_owned(),
        ] {
            let shown = query.get(..40).unwrap_or(&query);
            let step = format!("sql: {}", serde_json::Value::from(query.as_str()));
            assert!(outcome(&step, "x:int64\n1").is_err(), "{shown}");
        }
    }
}
