//! SQL text → `Term`: syntax, literals, and the names of functions. Columns and types come later.

use sqlparser::ast::{self, Expr as Sql, Spanned as _};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, Tokenizer};

use super::term::{Binary, Form, Literal, Term, Unary};
use super::{calls, literal};
use crate::error::{Error, Result};
use crate::spec::{Span, Spanned, Type};

/// Longest expression, in bytes.
const MAX_BYTES: usize = 64 << 10;
/// Deepest nesting of parentheses and calls.
const MAX_NESTING: usize = 48;
/// Deepest tree: a chain of operators is as deep as it is long.
const MAX_DEPTH: usize = 400;
/// Most operators and keywords. The parser's tree is as deep as a chain of them, and is left by recursion.
const MAX_OPERATORS: usize = 1000;
/// Most terms, counting what BETWEEN and CASE repeat.
const MAX_TERMS: usize = 50_000;

/// Reads the expression in `text`.
pub(super) fn parse(text: &Spanned<String>) -> Result<Term> {
    if text.value.len() > MAX_BYTES {
        return Err(
            Error::wrong(format!("the expression is longer than {} KiB", MAX_BYTES >> 10)).at(text.span)
        );
    }
    let places = Places::of(text);
    let dialect = DuckDbDialect {};
    let tokens = Tokenizer::new(&dialect, &text.value).tokenize_with_location();
    let tokens = tokens.map_err(|error| places.syntax(&error.into()))?;
    if tokens.iter().filter(|token| is_operator(&token.token)).count() > MAX_OPERATORS {
        return Err(
            Error::wrong(format!("the expression has more than {MAX_OPERATORS} operators")).at(text.span)
        );
    }
    let parser = Parser::new(&dialect).with_recursion_limit(MAX_NESTING);
    let mut parser = parser.with_tokens_with_locations(tokens);
    let sql = parser.parse_expr().map_err(|error| places.syntax(&error))?;
    let after = parser.peek_token();
    if after.token != Token::EOF {
        return Err(Error::wrong(format!("unexpected {} after the expression", after.token))
            .at(places.at(after.span))
            .hint("an expression is one SQL scalar expression, such as a + b or coalesce(a, 0) > 1"));
    }
    Reader { places, depth: 0, terms: 0 }.term(&sql)
}

/// Whether a token can make the tree deeper; values in a long list cannot.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::EOF
        | Token::Comma
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Whitespace(_) => false,
        _ => true,
    }
}

/// Turns positions in the expression into positions in the file.
#[derive(Clone, Copy)]
pub(super) struct Places {
    whole: Span,
    /// Columns between the scalar's start and the expression's, if the text stands in the file as it is.
    offset: Option<usize>,
}

impl Places {
    fn of(text: &Spanned<String>) -> Self {
        let chars = text.value.chars().count();
        let offset = match text.span.len.checked_sub(chars) {
            _ if text.value.contains(['\n', '\r']) => None,
            Some(0) => Some(0),
            Some(2) => Some(1),
            _ => None,
        };
        Self { whole: text.span, offset }
    }

    pub(super) fn at(&self, span: SqlSpan) -> Span {
        match self.offset {
            Some(offset) if span.start.line == 1 && span.start.column >= 1 => {
                let end = if span.end.line == 1 { span.end.column } else { 0 };
                let len = end.saturating_sub(span.start.column).max(1) as usize;
                let column = self.whole.column + offset + span.start.column as usize - 1;
                Span { line: self.whole.line, column, len }
            }
            _ => self.whole,
        }
    }

    fn syntax(&self, error: &ParserError) -> Error {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
            ParserError::RecursionLimitExceeded => {
                return Error::wrong(format!("the expression is nested deeper than {MAX_NESTING} levels"))
                    .at(self.whole);
            }
        };
        let (message, location) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
        let at = location.split_once(", Column: ").and_then(|(line, column)| {
            let start = Location { line: line.parse().ok()?, column: column.trim().parse().ok()? };
            Some(self.at(SqlSpan { start, end: start }))
        });
        let message = message.replace("Expected: ", "expected ").replace(", found: ", ", found ");
        let message = message.replace("found EOF", "found the end").replace("sql parser error: ", "");
        Error::wrong(format!("cannot read the expression: {message}")).at(at.unwrap_or(self.whole))
    }
}

pub(super) struct Reader {
    pub(super) places: Places,
    depth: usize,
    terms: usize,
}

impl Reader {
    pub(super) fn term(&mut self, sql: &Sql) -> Result<Term> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::wrong(format!(
                "the expression is a chain of more than {MAX_DEPTH} operators"
            ))
            .at(self.places.whole));
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(
                Error::wrong(format!("the expression has more than {MAX_TERMS} terms")).at(self.places.whole)
            );
        }
        let span = self.span(sql);
        let form = self.form(sql, span)?;
        self.depth -= 1;
        Ok(Term::new(form, span))
    }

    /// Where `sql` stands in the file; the whole scalar where the parser does not know.
    fn span(&self, sql: &Sql) -> Span {
        match sql {
            Sql::Function(call) => self.places.at(call.name.span()),
            _ => self.places.at(sql.span()),
        }
    }

    fn boxed(&mut self, sql: &Sql) -> Result<Box<Term>> {
        self.term(sql).map(Box::new)
    }

    pub(super) fn terms(&mut self, sql: &[Sql]) -> Result<Vec<Term>> {
        sql.iter().map(|item| self.term(item)).collect()
    }

    fn unary(&mut self, op: Unary, sql: &Sql) -> Result<Form> {
        Ok(Form::Unary(op, self.boxed(sql)?))
    }

    fn binary(&mut self, op: Binary, left: &Sql, right: &Sql) -> Result<Form> {
        Ok(Form::Binary(op, self.boxed(left)?, self.boxed(right)?))
    }

    fn form(&mut self, sql: &Sql, span: Span) -> Result<Form> {
        Ok(match sql {
            Sql::Nested(inner) => return self.term(inner).map(|term| term.form),
            Sql::Identifier(name) => Form::Column(name.value.clone()),
            Sql::CompoundIdentifier(names) => {
                let mut names = names.iter().map(|name| name.value.clone());
                let root = Form::Column(names.next().unwrap_or_default());
                names.fold(root, |form, name| Form::Field(Box::new(Term::new(form, span)), name))
            }
            Sql::Value(value) => Form::Literal(literal::value(&value.value).map_err(|error| error.at(span))?),
            Sql::TypedString(typed) => Form::Literal(literal::typed(typed).map_err(|error| error.at(span))?),
            Sql::Interval(interval) => Form::Literal(
                literal::interval(interval).map(Literal::Interval).map_err(|error| error.at(span))?,
            ),
            Sql::UnaryOp { op: ast::UnaryOperator::Minus, expr } => self.negative(expr)?,
            Sql::UnaryOp { op: ast::UnaryOperator::Plus, expr } => {
                return self.term(expr).map(|term| term.form);
            }
            Sql::UnaryOp { op: ast::UnaryOperator::Not, expr } => self.unary(Unary::Not, expr)?,
            Sql::IsNull(expr) | Sql::IsUnknown(expr) => self.unary(Unary::IsNull, expr)?,
            Sql::IsNotNull(expr) | Sql::IsNotUnknown(expr) => self.unary(Unary::IsNotNull, expr)?,
            Sql::IsTrue(expr) => self.unary(Unary::IsTrue, expr)?,
            Sql::IsNotTrue(expr) => self.unary(Unary::IsNotTrue, expr)?,
            Sql::IsFalse(expr) => self.unary(Unary::IsFalse, expr)?,
            Sql::IsNotFalse(expr) => self.unary(Unary::IsNotFalse, expr)?,
            Sql::IsDistinctFrom(left, right) => self.binary(Binary::Distinct, left, right)?,
            Sql::IsNotDistinctFrom(left, right) => self.binary(Binary::NotDistinct, left, right)?,
            Sql::BinaryOp { left, op, right } => match operator(op) {
                Some(op) => self.binary(op, left, right)?,
                None => return Err(Error::wrong(format!("the operator {op} is not known")).at(span)),
            },
            Sql::Between { expr, negated, low, high } => {
                let low = self.binary(Binary::GreaterEqual, expr, low)?;
                let high = self.binary(Binary::LessEqual, expr, high)?;
                let both = [low, high].map(|form| Box::new(Term::new(form, span)));
                let [low, high] = both;
                negated_if(*negated, Form::Binary(Binary::And, low, high), span)
            }
            Sql::InList { expr, list, negated } => {
                let form = Form::In(self.boxed(expr)?, self.terms(list)?);
                negated_if(*negated, form, span)
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), (false, *negated), span)?
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), (true, *negated), span)?
            }
            Sql::Cast { kind, expr, data_type, array: false, format: None } => {
                let to = data_type.to_string().parse::<Type>().map_err(|error| error.at(span))?;
                let lenient = matches!(kind, ast::CastKind::TryCast | ast::CastKind::SafeCast);
                Form::Cast { input: self.boxed(expr)?, to, lenient }
            }
            Sql::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())?
            }
            other => calls::form(self, other, span)?,
        })
    }

    /// A minus belongs to the number it stands before, so that the smallest int64 can be written.
    fn negative(&mut self, sql: &Sql) -> Result<Form> {
        if let Sql::Value(value) = sql
            && let ast::Value::Number(digits, _) = &value.value
        {
            return literal::number(&format!("-{digits}"))
                .map(Form::Literal)
                .map_err(|error| error.at(self.places.at(value.span)));
        }
        self.unary(Unary::Negate, sql)
    }

    fn like(
        &mut self,
        input: &Sql,
        pattern: &Sql,
        escape: Option<&ast::ValueWithSpan>,
        (fold_case, negated): (bool, bool),
        span: Span,
    ) -> Result<Form> {
        let pattern = self.term(pattern)?;
        let Form::Literal(Literal::Text(text)) = pattern.form else {
            return Err(Error::wrong("the pattern of LIKE must be a text literal")
                .at(pattern.span)
                .hint("use starts_with, ends_with or contains to compare with a column"));
        };
        let escape = escape.and_then(|value| value.clone().into_string());
        let escape = match escape.as_deref().map(|text| (text.chars().next(), text.chars().count())) {
            None => None,
            Some((first @ Some(_), 1)) => first,
            Some(_) => return Err(Error::wrong("ESCAPE takes a single character").at(span)),
        };
        let form = Form::Like { input: self.boxed(input)?, pattern: text, escape, fold_case };
        Ok(negated_if(negated, form, span))
    }

    fn case(
        &mut self,
        operand: Option<&Sql>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&Sql>,
    ) -> Result<Form> {
        let mut branches = Vec::with_capacity(conditions.len());
        for ast::CaseWhen { condition, result } in conditions {
            let when = match operand {
                Some(operand) => {
                    let span = self.span(condition);
                    Term::new(self.binary(Binary::Equal, operand, condition)?, span)
                }
                None => self.term(condition)?,
            };
            branches.push((when, self.term(result)?));
        }
        Ok(Form::Case(branches, otherwise.map(|sql| self.boxed(sql)).transpose()?))
    }
}

fn negated_if(negated: bool, form: Form, span: Span) -> Form {
    if negated { Form::Unary(Unary::Not, Box::new(Term::new(form, span))) } else { form }
}

fn operator(op: &ast::BinaryOperator) -> Option<Binary> {
    use ast::BinaryOperator as Op;
    Some(match op {
        Op::Plus => Binary::Add,
        Op::Minus => Binary::Subtract,
        Op::Multiply => Binary::Multiply,
        Op::Divide => Binary::Divide,
        Op::DuckIntegerDivide => Binary::IntDivide,
        Op::Modulo => Binary::Modulo,
        Op::StringConcat => Binary::Concat,
        Op::Eq => Binary::Equal,
        Op::NotEq => Binary::NotEqual,
        Op::Lt => Binary::Less,
        Op::LtEq => Binary::LessEqual,
        Op::Gt => Binary::Greater,
        Op::GtEq => Binary::GreaterEqual,
        Op::And => Binary::And,
        Op::Or => Binary::Or,
        _ => return None,
    })
}
