//! An expression as a tree of our own: what SQL's syntax says, without its spellings.

use crate::spec::{Span, Type};

use super::function::Function;

/// One node of an expression and where it stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) form: Form,
    pub(super) span: Span,
}

/// What a term is.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Column(String),
    /// A field of a struct.
    Field(Box<Term>, String),
    Literal(Literal),
    Unary(Unary, Box<Term>),
    Binary(Binary, Box<Term>, Box<Term>),
    /// A scalar or window function.
    Call(&'static Function, Vec<Term>),
    /// Conditions with their results, and what holds otherwise.
    Case(Vec<(Term, Term)>, Option<Box<Term>>),
    Cast {
        input: Box<Term>,
        to: Type,
        /// A value that cannot be cast is null instead of an error.
        lenient: bool,
    },
    In(Box<Term>, Vec<Term>),
    Like {
        input: Box<Term>,
        pattern: String,
        escape: Option<char>,
        fold_case: bool,
    },
    Aggregate(Box<Aggregate>),
}

/// A call of an aggregate function.
#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    pub(super) function: &'static Function,
    /// Empty for `count(*)`.
    pub(super) args: Vec<Term>,
    pub(super) distinct: bool,
    pub(super) filter: Option<Term>,
}

/// A literal value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    /// A number with digits after the point: exact beside decimals, a float elsewhere.
    Decimal {
        mantissa: i128,
        scale: u8,
        float: f64,
    },
    Float(f64),
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01.
    Timestamp(i64),
    Interval(Interval),
}

/// A span of time, in the three units that do not convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Interval {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) micros: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Not,
    IsNull,
    IsNotNull,
    IsTrue,
    IsNotTrue,
    IsFalse,
    IsNotFalse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntDivide,
    Modulo,
    Concat,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Distinct,
    NotDistinct,
    And,
    Or,
}

impl Binary {
    /// The operator as it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::IntDivide => "//",
            Binary::Modulo => "%",
            Binary::Concat => "||",
            Binary::Equal => "=",
            Binary::NotEqual => "<>",
            Binary::Less => "<",
            Binary::LessEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterEqual => ">=",
            Binary::Distinct => "IS DISTINCT FROM",
            Binary::NotDistinct => "IS NOT DISTINCT FROM",
            Binary::And => "AND",
            Binary::Or => "OR",
        }
    }
}

impl Term {
    pub(super) fn new(form: Form, span: Span) -> Self {
        Self { form, span }
    }

    /// The terms directly below this one, aggregates' arguments and filter included.
    pub(super) fn children(&self) -> Vec<&Term> {
        match &self.form {
            Form::Column(_) | Form::Literal(_) => Vec::new(),
            Form::Field(input, _)
            | Form::Unary(_, input)
            | Form::Cast { input, .. }
            | Form::Like { input, .. } => {
                vec![input]
            }
            Form::Binary(_, left, right) => vec![left, right],
            Form::Call(_, args) => args.iter().collect(),
            Form::Case(branches, otherwise) => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain(otherwise.as_deref()).collect()
            }
            Form::In(input, list) => std::iter::once(input.as_ref()).chain(list).collect(),
            Form::Aggregate(call) => call.args.iter().chain(&call.filter).collect(),
        }
    }

    /// The same term with every term directly below it replaced.
    pub(super) fn map_children(self, f: &mut dyn FnMut(Term) -> Term) -> Term {
        let mut boxed = |term: Box<Term>| Box::new(f(*term));
        let form = match self.form {
            form @ (Form::Column(_) | Form::Literal(_)) => form,
            Form::Field(input, name) => Form::Field(boxed(input), name),
            Form::Unary(op, input) => Form::Unary(op, boxed(input)),
            Form::Cast { input, to, lenient } => Form::Cast { input: boxed(input), to, lenient },
            Form::Like { input, pattern, escape, fold_case } => {
                Form::Like { input: boxed(input), pattern, escape, fold_case }
            }
            Form::Binary(op, left, right) => {
                let left = boxed(left);
                Form::Binary(op, left, boxed(right))
            }
            Form::Call(function, args) => Form::Call(function, args.into_iter().map(f).collect()),
            Form::Case(branches, otherwise) => {
                let branches = branches.into_iter().map(|(when, then)| (f(when), f(then))).collect();
                Form::Case(branches, otherwise.map(|term| Box::new(f(*term))))
            }
            Form::In(input, list) => {
                let input = boxed(input);
                Form::In(input, list.into_iter().map(f).collect())
            }
            Form::Aggregate(call) => {
                let Aggregate { function, args, distinct, filter } = *call;
                let args = args.into_iter().map(&mut *f).collect();
                Form::Aggregate(Box::new(Aggregate { function, args, distinct, filter: filter.map(f) }))
            }
        };
        Term { form, span: self.span }
    }
}
