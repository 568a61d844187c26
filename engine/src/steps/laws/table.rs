//! Example tables: CSV with a typed header. An empty field is null, `""` the empty string, `[a;b]` a list.

use polars::prelude::{AnyValue, Column, DataFrame, DataType, Series};

use crate::spec::{Node, Span, Spanned, Value, read as read_yaml};
use crate::steps::literal::typed;
use crate::steps::type_name::named_type;

/// The table written in `text`.
pub(in crate::steps) fn read(text: &str) -> DataFrame {
    let mut lines = lines(text).into_iter();
    let header = lines.next().expect("a table has a header");
    let rows: Vec<Vec<Option<String>>> = lines.collect();
    let columns = header.into_iter().enumerate().map(|(place, field)| {
        let field = field.expect("a column has a name");
        let (name, dtype) = field.split_once(':').expect("a column is name:type");
        let dtype =
            named_type(&Spanned { value: dtype.into(), span: Span::default() }).expect("a known type");
        let cells: Vec<_> = rows.iter().map(|row| value(row[place].as_deref(), &dtype)).collect();
        let series = Series::from_any_values_and_dtype(name.into(), &cells, &dtype, true);
        Column::from(series.expect("values of the column's type"))
    });
    DataFrame::new(rows.len(), columns.collect()).expect("columns of one length")
}

fn value(cell: Option<&str>, dtype: &DataType) -> AnyValue<'static> {
    let Some(cell) = cell else { return AnyValue::Null };
    if let DataType::List(item) = dtype {
        let items =
            cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).expect("a list in brackets");
        let items = if items.is_empty() { Vec::new() } else { items.split(';').collect() };
        let items: Vec<_> =
            items.into_iter().map(|text| value(Some(text).filter(|text| !text.is_empty()), item)).collect();
        return AnyValue::List(
            Series::from_any_values_and_dtype("".into(), &items, item, true).expect("items"),
        );
    }
    let node = match dtype {
        DataType::Float64 if cell == "NaN" => Node { value: Value::Float(f64::NAN), span: Span::default() },
        _ if dtype.is_temporal() || *dtype == DataType::String => {
            Node { value: Value::Text(cell.into()), span: Span::default() }
        }
        DataType::Decimal(..) => Node { value: Value::Text(cell.into()), span: Span::default() },
        _ => read_yaml(cell).expect("a scalar"),
    };
    typed(&node, dtype).expect("a value of the column's type").into_value()
}

/// The rows of `frame`, for messages.
pub(super) fn written(frame: &DataFrame) -> String {
    let row = |at: usize| {
        let cells =
            frame.columns().iter().map(|column| column.get(at).expect("a row of the frame").to_string());
        cells.collect::<Vec<_>>().join(",")
    };
    (0..frame.height()).map(row).collect::<Vec<_>>().join("\n")
}

fn lines(text: &str) -> Vec<Vec<Option<String>>> {
    let mut lines = vec![Vec::new()];
    let mut chars = text.chars().peekable();
    loop {
        let mut field = String::new();
        let quoted = chars.next_if_eq(&'"').is_some();
        if quoted {
            while let Some(c) = chars.next() {
                if c == '"' && chars.next_if_eq(&'"').is_none() {
                    break;
                }
                field.push(c);
            }
        }
        while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\n')) {
            field.push(c);
        }
        let line: &mut Vec<_> = lines.last_mut().expect("there is always a line");
        line.push(Some(field).filter(|field| quoted || !field.is_empty()));
        match chars.next() {
            Some(',') => {}
            Some(_) => lines.push(Vec::new()),
            None => return lines,
        }
    }
}
