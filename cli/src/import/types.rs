//! Types of other tools and databases, as Lockgate spells them.

/// Names of types in lower case, without arguments, and the type of the same family.
const TYPES: &[(&str, &[&str])] = &[
    (
        "string",
        &[
            "string",
            "text",
            "varchar",
            "char",
            "character",
            "character varying",
            "nvarchar",
            "nchar",
            "bpchar",
            "str",
            "object",
            "object_",
            "stringtype",
            "string_",
            "varchar2",
            "clob",
            "utf8",
            "large_string",
            "uuid",
        ],
    ),
    (
        "int64",
        &[
            "int64",
            "integer",
            "int",
            "bigint",
            "smallint",
            "tinyint",
            "mediumint",
            "int8",
            "int16",
            "int32",
            "int4",
            "int2",
            "long",
            "longtype",
            "integertype",
            "shorttype",
            "serial",
            "bigserial",
            "byteint",
        ],
    ),
    (
        "float64",
        &[
            "float64",
            "float",
            "double",
            "double precision",
            "real",
            "float4",
            "float8",
            "float32",
            "doubletype",
            "floattype",
            "double_precision",
        ],
    ),
    ("decimal", &["decimal", "numeric", "dec", "decimaltype", "bignumeric"]),
    ("bool", &["bool", "boolean", "booleantype", "bool_"]),
    ("date", &["date", "datetype"]),
    (
        "timestamp",
        &[
            "timestamp",
            "datetime",
            "timestamptz",
            "timestamp_ntz",
            "timestamp_tz",
            "timestamp_ltz",
            "timestamp without time zone",
            "timestamp with time zone",
            "datetime64",
            "datetime64[ns]",
            "datetime2",
            "timestamptype",
            "timestampntz",
        ],
    ),
    ("binary", &["binary", "bytes", "bytea", "varbinary", "blob", "binarytype"]),
];

/// The type of the same family as `name`.
pub(super) fn family(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_lowercase();
    let bare = match (lower.find('('), lower.rfind(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", lower[..open].trim_end(), &lower[close + 1..])
        }
        _ => lower,
    };
    TYPES.iter().find(|(_, names)| names.contains(&bare.as_str())).map(|(family, _)| *family)
}
