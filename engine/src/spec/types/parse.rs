//! Types from their names.

use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::TimeUnit;

use super::{COMPOUND, NAMES, OWN, Type};
use crate::error::{Error, Result};
use crate::spec::nearest;

impl FromStr for Type {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut reader = TypeReader { text, rest: text };
        let found = reader.read(0)?;
        reader.rest.trim().is_empty().then_some(found).ok_or_else(|| reader.wrong())
    }
}

struct TypeReader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> TypeReader<'a> {
    fn wrong(&self) -> Error {
        let word = self.text.split(['(', '<']).next().unwrap_or("").trim().to_lowercase();
        let known = NAMES[..OWN].iter().map(|(name, _)| *name).chain(COMPOUND.iter().copied());
        let near = nearest(&word, NAMES.iter().map(|(name, _)| *name).chain(["decimal", "list", "struct"]));
        let list = known.collect::<Vec<_>>().join(", ");
        let hint = near.map_or_else(String::new, |name| format!("did you mean \"{name}\"? "));
        Error::wrong(format!("unknown type \"{}\"", self.text)).hint(format!("{hint}the types are {list}"))
    }

    fn take(&mut self, token: char) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(token);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn expect(&mut self, token: char) -> Result<()> {
        self.take(token).then_some(()).ok_or_else(|| self.wrong())
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        part.trim()
    }

    fn read(&mut self, depth: usize) -> Result<Type> {
        if depth > 16 {
            return Err(Error::wrong(format!("the type \"{}\" is nested deeper than 16 levels", self.text)));
        }
        let name = self.until(&['(', '<', ',', '>', ')', '[']).to_lowercase();
        let mut found = match name.as_str() {
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "timestamp" | "datetime" if self.rest.starts_with('(') => self.timestamp()?,
            "timestamptz" | "timestamp with time zone" => {
                Type::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            "varchar" | "char" | "float" if self.rest.starts_with('(') => {
                self.until(&[')']);
                self.expect(')')?;
                if name == "float" { Type::Float64 } else { Type::String }
            }
            "list" | "array" => {
                self.expect('<')?;
                let item = self.read(depth + 1)?;
                self.expect('>')?;
                Type::List(Box::new(item))
            }
            "struct" => self.fields(depth)?,
            name => match NAMES.iter().find(|(known, _)| *known == name) {
                Some((_, found)) => found.clone(),
                None => return Err(self.wrong()),
            },
        };
        while self.take('[') {
            self.expect(']')?;
            found = Type::List(Box::new(found));
        }
        Ok(found)
    }

    fn decimal(&mut self) -> Result<Type> {
        if !self.take('(') {
            return Ok(Type::Decimal(18, 3));
        }
        let precision: u8 = self.until(&[',', ')']).parse().map_err(|_| self.wrong())?;
        let scale: i8 =
            if self.take(',') { self.until(&[')']).parse().map_err(|_| self.wrong())? } else { 0 };
        self.expect(')')?;
        if !(1..=38).contains(&precision) || scale < 0 || scale as u8 > precision {
            return Err(Error::wrong(format!("no decimal has {precision} digits, {scale} after the point"))
                .hint("decimal(p,s) takes p from 1 to 38 and s from 0 to p"));
        }
        Ok(Type::Decimal(precision, scale))
    }

    fn timestamp(&mut self) -> Result<Type> {
        self.expect('(')?;
        let unit = match self.until(&[',', ')']).to_lowercase().as_str() {
            "s" | "0" => TimeUnit::Second,
            "ms" | "3" => TimeUnit::Millisecond,
            "us" | "6" => TimeUnit::Microsecond,
            "ns" | "9" => TimeUnit::Nanosecond,
            _ => return Err(self.wrong()),
        };
        let zone = if self.take(',') { Some(self.until(&[')'])) } else { None };
        self.expect(')')?;
        if zone == Some("") {
            return Err(self.wrong());
        }
        Ok(Type::Timestamp(unit, zone.map(Arc::from)))
    }

    fn fields(&mut self, depth: usize) -> Result<Type> {
        self.expect('<')?;
        let mut fields = Vec::new();
        loop {
            let name = self.until(&[':', '>', ',']).to_owned();
            self.expect(':')?;
            if name.is_empty() {
                return Err(self.wrong());
            }
            fields.push((name, self.read(depth + 1)?));
            if self.take('>') {
                return Ok(Type::Struct(fields));
            }
            self.expect(',')?;
        }
    }
}
