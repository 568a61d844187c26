//! Types as the pipeline file names them, and the Polars types they stand for.

use polars::prelude::DataType;

use crate::error::Result;
use crate::expr;
use crate::spec::{Spanned, Type};

/// The type called `name`, as in `cast: {quantity: int32}`.
pub(super) fn named_type(name: &Spanned<String>) -> Result<DataType> {
    let named: Type = name.value.parse().map_err(|error: crate::error::Error| error.at(name.span))?;
    expr::to_polars(&named).map_err(|error| error.at(name.span))
}

/// What `dtype` is called in pipeline files and messages.
pub(super) fn type_name(dtype: &DataType) -> String {
    expr::type_name(dtype)
}
