//! Window functions: `lag(x, 1)` as it stands in the file, checked and lowered.

use polars::prelude::{DataType, Expr, FillNullStrategy, NULL, RollingOptionsFixedWindow, col, lit, when};
use sqlparser::ast::{Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::{Frame, NUMBER, PLACE, RANK};
use crate::error::{Error, Result};
use crate::spec::{Spanned, did_you_mean};
use crate::steps::BindContext;
use crate::steps::column::{Found, existing, is_number};

/// The functions, for hints.
const FUNCTIONS: [&str; 12] = [
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first",
    "last",
    "count",
    "sum",
    "mean",
    "min",
    "max",
];

/// Longest call, in bytes: a chain of operators makes a tree as deep, which is left by recursion.
const MAX_BYTES: usize = 4 << 10;

/// A call as written.
struct Call {
    name: String,
    /// The column it is about; none for `row_number()` and `count(*)`.
    column: Option<Spanned<String>>,
    star: bool,
    /// The second argument.
    offset: Option<i64>,
}

/// The expression of `text`, to be evaluated within a partition in order.
pub(super) fn bind(
    text: &Spanned<String>,
    cx: &BindContext<'_>,
    frame: Frame,
    ordered: bool,
) -> Result<Expr> {
    let call = read(text)?;
    let wrong = |message: String| Error::wrong(message).at(text.span);
    let shape = |fits: bool, usage: &str| {
        if fits {
            Ok(())
        } else {
            Err(wrong(format!("{} is called otherwise", call.name)).hint(format!("write {usage}")))
        }
    };
    let bare = call.column.is_none() && !call.star && call.offset.is_none();
    if let "row_number" | "rank" | "dense_rank" = call.name.as_str() {
        shape(bare, &format!("{}()", call.name))?;
        if call.name != "row_number" && !ordered {
            return Err(wrong(format!("{} needs an order", call.name)).hint("add order_by"));
        }
        return Ok(match call.name.as_str() {
            "row_number" => col(NUMBER),
            "rank" => col(RANK),
            _ => col(NUMBER).eq(col(RANK)).cast(DataType::Int64).cum_sum(false),
        });
    }
    if !FUNCTIONS.contains(&call.name.as_str()) {
        return Err(wrong(format!("no window function \"{}\"", call.name)).hint(did_you_mean(
            &call.name,
            FUNCTIONS,
            "the window functions are",
        )));
    }
    if call.name == "count" && call.star {
        return Ok(count(col(PLACE), frame));
    }
    let Some(name) = call.column.as_ref().filter(|_| !call.star) else {
        return Err(
            wrong(format!("{} needs a column", call.name)).hint(format!("write {}(column)", call.name))
        );
    };
    let column = existing(cx.input, name)?;
    if let "lag" | "lead" = call.name.as_str() {
        let by = call.offset.unwrap_or(1);
        shape(by >= 0, &format!("{}(column, 1)", call.name))?;
        return Ok(column.expr().shift(lit(if call.name == "lag" { by } else { -by })));
    }
    shape(call.offset.is_none(), &format!("{}(column)", call.name))?;
    aggregate(&call.name, &column, frame)
}

fn aggregate(name: &str, column: &Found, frame: Frame) -> Result<Expr> {
    let x = column.expr();
    if let "sum" | "mean" = name {
        column.need_number(name)?;
    }
    let x = match name {
        "mean" => x.cast(DataType::Float64),
        "sum" if column.dtype.is_integer() => x.cast(DataType::Int64),
        _ => x,
    };
    let rolls = column.dtype.is_integer() || column.dtype.is_float() || name == "mean" || name == "count";
    if matches!(frame, Frame::Rows(_)) && !rolls {
        return Err(column
            .unfit(&format!("{name} over a frame of rows"), "integers and floats")
            .hint("use frame: running or frame: all"));
    }
    let ordered = is_number(&column.dtype) || column.dtype.is_temporal();
    if !ordered && matches!(name, "min" | "max") && frame == Frame::Running {
        return Err(column
            .unfit(&format!("a running {name}"), "numbers, dates and times")
            .hint("use frame: all"));
    }
    Ok(match (name, frame) {
        ("count", frame) => count(x, frame),
        ("first", Frame::All | Frame::Running) => x.first(),
        ("last", Frame::All) => x.last(),
        ("last", Frame::Running | Frame::Rows(_)) => x,
        ("first", Frame::Rows(_)) => {
            return Err(column
                .unfit("first over a frame of rows", "nothing")
                .hint("use lag, or frame: running"));
        }
        ("sum", Frame::All) => when(x.clone().count().gt(lit(0))).then(x.sum()).otherwise(lit(NULL)),
        ("mean", Frame::All) => x.mean(),
        ("min", Frame::All) => x.min(),
        (_, Frame::All) => x.max(),
        ("sum", Frame::Running) => carried(x.cum_sum(false)),
        ("mean", Frame::Running) => {
            carried(x.clone().cum_sum(false)) / x.cum_count(false).cast(DataType::Float64)
        }
        ("min", Frame::Running) => carried(x.cum_min(false)),
        (_, Frame::Running) => carried(x.cum_max(false)),
        ("sum", Frame::Rows(rows)) => x.rolling_sum(options(rows)),
        ("mean", Frame::Rows(rows)) => x.rolling_mean(options(rows)),
        ("min", Frame::Rows(rows)) => x.rolling_min(options(rows)),
        (_, Frame::Rows(rows)) => x.rolling_max(options(rows)),
    })
}

fn count(x: Expr, frame: Frame) -> Expr {
    let counted = match frame {
        Frame::All => x.count(),
        Frame::Running => x.cum_count(false),
        Frame::Rows(rows) => x.is_not_null().cast(DataType::Int64).rolling_sum(options(rows)),
    };
    counted.cast(DataType::Int64)
}

/// Running values are null where the row's own value is; the last one holds there.
fn carried(running: Expr) -> Expr {
    running.fill_null_with_strategy(FillNullStrategy::Forward(None))
}

fn options(rows_before: u32) -> RollingOptionsFixedWindow {
    RollingOptionsFixedWindow {
        window_size: rows_before as usize + 1,
        min_periods: 1,
        weights: None,
        center: false,
        fn_params: None,
    }
}

fn read(text: &Spanned<String>) -> Result<Call> {
    let unreadable = || {
        Error::wrong(format!("\"{}\" is not a window function", text.value))
            .at(text.span)
            .hint("write a call such as sum(delay), lag(delay, 1) or row_number(); derive expressions before this step")
    };
    if text.value.len() > MAX_BYTES {
        return Err(Error::wrong(format!("a window function is not longer than {} KiB", MAX_BYTES >> 10))
            .at(text.span));
    }
    let dialect = GenericDialect {};
    let sql = Parser::new(&dialect).try_with_sql(&text.value).and_then(|mut parser| {
        let sql = parser.parse_expr()?;
        parser.expect_token(&sqlparser::tokenizer::Token::EOF)?;
        Ok(sql)
    });
    let Ok(Sql::Function(function)) = sql else { return Err(unreadable()) };
    if function.over.is_some() || function.filter.is_some() {
        return Err(unreadable().hint("the partition and the order stand beside `derive`"));
    }
    let arguments = match function.args {
        FunctionArguments::None => Vec::new(),
        FunctionArguments::List(list) if list.clauses.is_empty() && list.duplicate_treatment.is_none() => {
            list.args
        }
        _ => return Err(unreadable()),
    };
    let mut call =
        Call { name: canonical(&function.name.to_string()), column: None, star: false, offset: None };
    for (place, argument) in arguments.into_iter().enumerate() {
        match (place, argument) {
            (0, FunctionArg::Unnamed(FunctionArgExpr::Wildcard)) => call.star = true,
            (0, FunctionArg::Unnamed(FunctionArgExpr::Expr(Sql::Identifier(name)))) => {
                call.column = Some(Spanned { value: name.value, span: text.span });
            }
            (1, FunctionArg::Unnamed(FunctionArgExpr::Expr(Sql::Value(value)))) => {
                let Value::Number(number, _) = value.value else { return Err(unreadable()) };
                call.offset = Some(number.parse().map_err(|_| unreadable())?);
            }
            _ => return Err(unreadable()),
        }
    }
    Ok(call)
}

/// The name in small letters, by its usual name.
fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "avg" => "mean".into(),
        "first_value" => "first".into(),
        "last_value" => "last".into(),
        _ => name,
    }
}
