//! A variable of the pipeline file: `name=value`.

use std::str::FromStr;

/// A name and its value, which may be empty and may hold further `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), value: value.to_owned() })
            }
            _ => Err(format!("\"{text}\" gives no variable a value; write it like lake=s3://lake")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        let variable: Result<Variable, _> = "where=a=b".parse();
        assert_eq!(variable, Ok(Variable { name: "where".into(), value: "a=b".into() }));
        assert_eq!("empty=".parse::<Variable>().map(|variable| variable.value), Ok(String::new()));
    }

    #[test]
    fn a_value_without_a_name_is_refused() {
        assert!("=value".parse::<Variable>().is_err());
        assert!("name".parse::<Variable>().is_err());
    }
}
