//! Our types and Polars' types. Arrow's lie between the two: `spec` says which Arrow type one of ours is,
//! the bridge in which of its own Polars holds that.

use arrow::datatypes::DataType as ArrowType;
use polars::prelude::{DataType, TimeZone};

use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::spec::Type;

/// The Polars type of `wanted`. Polars has no seconds; milliseconds hold them exactly.
pub fn to_polars(wanted: &Type) -> Result<DataType> {
    let arrow = wanted.to_arrow();
    zones_exist(&arrow).map_err(|error| {
        Error::wrong(format!("there is no time zone in {wanted}"))
            .because(error)
            .hint("write it as in Europe/Berlin")
    })?;
    bridge::frame_type(&arrow)
}

fn zones_exist(data_type: &ArrowType) -> polars::prelude::PolarsResult<()> {
    match data_type {
        ArrowType::Timestamp(_, Some(zone)) => TimeZone::opt_try_new(Some(zone.as_ref())).map(drop),
        ArrowType::List(item) => zones_exist(item.data_type()),
        ArrowType::Struct(fields) => fields.iter().try_for_each(|field| zones_exist(field.data_type())),
        _ => Ok(()),
    }
}

/// Our name of a Polars type, for messages and schemas.
pub fn name(dtype: &DataType) -> String {
    match dtype {
        DataType::Null => "null".into(),
        DataType::Duration(_) => "interval".into(),
        other => from_polars(other).map_or_else(|| other.to_string(), |known| known.to_string()),
    }
}

/// The type the file would write for a Polars type, if it can write it.
fn from_polars(dtype: &DataType) -> Option<Type> {
    Type::from_arrow(&bridge::arrow_type(dtype).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_survives_polars() {
        for text in [
            "int8",
            "int64",
            "uint8",
            "uint64",
            "float32",
            "float64",
            "decimal(12,2)",
            "decimal(38,0)",
            "string",
            "binary",
            "bool",
            "date",
            "time",
            "timestamp",
            "timestamp(ms)",
            "timestamp(us, UTC)",
            "timestamp(ns, Europe/Berlin)",
            "list<int64>",
            "struct<a: int64, b: list<decimal(5,0)>>",
        ] {
            assert_eq!(name(&to_polars(&text.parse().unwrap()).unwrap()), text);
        }
        assert_eq!(name(&to_polars(&"timestamp(s)".parse().unwrap()).unwrap()), "timestamp(ms)");
    }

    #[test]
    fn a_zone_that_is_none_is_refused_wherever_it_stands() {
        for text in ["timestamp(us, Mars)", "list<timestamp(us, Mars)>", "struct<a: timestamp(ms, X/Y)>"] {
            let error = to_polars(&text.parse().unwrap()).unwrap_err();
            assert_eq!(error.message(), format!("there is no time zone in {text}"));
        }
    }
}
