//! `format`: texts are what a named standard says.

mod codes;
mod countries;
mod encoding;
mod internet;
mod money;
mod time;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::mask::test_texts;
use crate::pattern::texts_only;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "format",
    aliases: &[],
    dimension: "validity",
    summary: "Every text is of a named format, such as an e-mail address or an IBAN with the right check digits.",
    definition: "The whole text has to be of the format, without blanks around it; an empty text is of none.\n\n\
                 - `email`: what HTML's `input type=email` takes, which leaves out the quoted and commented forms of RFC \
                 5322 that nobody means; `user@localhost` passes.\n\n\
                 - `url`: RFC 3986 with a scheme, `//` and a host, which is a domain name (non-ASCII letters too), an IPv4 \
                 address or an IPv6 address in brackets; a port is at most 65535. No blanks, no relative references, no \
                 `mailto:`.\n\n\
                 - `ipv4`: four decimal numbers without leading zeros. `ipv6`: RFC 4291, without a zone.\n\n\
                 - `mac`: six pairs of hexadecimal digits between colons or between hyphens, or three groups of four \
                 between points.\n\n\
                 - `uuid`: RFC 9562, of any version, in either case, with its four hyphens and no braces.\n\n\
                 - `phone`: E.164, a plus sign and at most 15 digits of which the first is not 0.\n\n\
                 - `iso_date`: ISO 8601 `2024-01-31`. `iso_datetime`: `2024-01-31T12:00:00`, with or without a fraction and \
                 an offset (RFC 3339, whose leap second passes, but a space in place of the T does not). The day has to \
                 exist.\n\n\
                 - `strftime`: a date, a time or both as the pattern says, written `is: {strftime: '%d.%m.%Y'}`; leading \
                 zeros may be missing.\n\n\
                 - `json`: RFC 8259, any value.\n\n\
                 - `iso3166_alpha2`, `iso3166_alpha3`, `iso3166` (either): the officially assigned codes of countries, upper \
                 case. `iso4217`: the codes of list one as of January 2026, upper case; withdrawn ones fail.\n\n\
                 - `iban`: ISO 13616 in its electronic form, upper case without blanks: the country's length and structure \
                 (SWIFT registry, release 101) and check digits modulo 97. A country not in the registry fails.\n\n\
                 - `credit_card`: ISO/IEC 7812, 12 to 19 digits that do not begin with 0, with a Luhn check digit; single \
                 blanks or hyphens between digits pass.\n\n\
                 - `isbn`: ISO 2108, 10 or 13 digits with their check digit; single blanks or hyphens between digits pass.\n\n\
                 - `semver`: Semantic Versioning 2.0.0, without a leading v.\n\n\
                 - `hex`: hexadecimal digits, in either case, without 0x. `base64`: RFC 4648 section 4, padded, with no bits \
                 set in the padding.\n\n\
                 Null is not evaluated (see `nulls`). Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "format: {column: account, is: iban}",
        params: r#"{"column": "account", "is": "iban"}"#,
        input: "account:utf8\nGB82WEST12345698765432\nGB82WEST12345698765431\n\nDE89370400440532013000\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Formatted>,
    schema: schema_of::<Formatted>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Formatted {
    /// The format.
    is: Format,
}

/// A format with a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// An e-mail address.
    Email,
    /// A URL with a host.
    Url,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A MAC address.
    Mac,
    /// A UUID.
    Uuid,
    /// A telephone number with its country code.
    Phone,
    /// A date such as 2024-01-31.
    IsoDate,
    /// A timestamp such as 2024-01-31T12:00:00Z.
    IsoDatetime,
    /// A date or time as a strftime pattern says.
    Strftime(String),
    /// A JSON text.
    Json,
    /// A country's code of two or three letters.
    Iso3166,
    /// A country's code of two letters.
    #[serde(rename = "iso3166_alpha2")]
    Iso3166Alpha2,
    /// A country's code of three letters.
    #[serde(rename = "iso3166_alpha3")]
    Iso3166Alpha3,
    /// A currency's code.
    Iso4217,
    /// A bank account number.
    Iban,
    /// A payment card number.
    CreditCard,
    /// A book number.
    Isbn,
    /// A version.
    Semver,
    /// Hexadecimal digits.
    Hex,
    /// Bytes in base 64.
    Base64,
}

impl Format {
    fn name(&self) -> String {
        match self {
            Self::Email => "an e-mail address",
            Self::Url => "a URL",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Mac => "a MAC address",
            Self::Uuid => "a UUID",
            Self::Phone => "an E.164 phone number",
            Self::IsoDate => "an ISO 8601 date",
            Self::IsoDatetime => "an ISO 8601 timestamp",
            Self::Strftime(pattern) => return format!("a date or time written {pattern}"),
            Self::Json => "JSON",
            Self::Iso3166 => "an ISO 3166 country code",
            Self::Iso3166Alpha2 => "an ISO 3166 country code of two letters",
            Self::Iso3166Alpha3 => "an ISO 3166 country code of three letters",
            Self::Iso4217 => "an ISO 4217 currency code",
            Self::Iban => "an IBAN",
            Self::CreditCard => "a card number",
            Self::Isbn => "an ISBN",
            Self::Semver => "a semantic version",
            Self::Hex => "hexadecimal",
            Self::Base64 => "base 64",
        }
        .into()
    }

    /// Tests every text of a column.
    fn test(&self, column: &ArrayRef) -> Result<BooleanArray, ArrowError> {
        let of_format: fn(&str) -> bool = match self {
            Self::Email => internet::is_email,
            Self::Url => internet::is_url,
            Self::Ipv4 => internet::is_ipv4,
            Self::Ipv6 => internet::is_ipv6,
            Self::Mac => internet::is_mac,
            Self::Uuid => codes::is_uuid,
            Self::Phone => codes::is_phone,
            Self::IsoDate => time::is_iso_date,
            Self::IsoDatetime => time::is_iso_datetime,
            Self::Strftime(pattern) => {
                let pattern = time::Pattern::parse(pattern);
                let pattern = pattern.map_err(|fault| ArrowError::InvalidArgumentError(fault.into()))?;
                return test_texts(column, |text| pattern.matches(text));
            }
            Self::Json => encoding::is_json,
            Self::Iso3166 => |text| countries::is_alpha2(text) || countries::is_alpha3(text),
            Self::Iso3166Alpha2 => countries::is_alpha2,
            Self::Iso3166Alpha3 => countries::is_alpha3,
            Self::Iso4217 => money::is_currency,
            Self::Iban => money::is_iban,
            Self::CreditCard => money::is_card_number,
            Self::Isbn => codes::is_isbn,
            Self::Semver => codes::is_semver,
            Self::Hex => encoding::is_hex,
            Self::Base64 => encoding::is_base64,
        };
        test_texts(column, of_format)
    }
}

impl Rule for Formatted {
    fn validate(&self) -> Result<(), ParamError> {
        if let Format::Strftime(pattern) = &self.is {
            time::Pattern::parse(pattern).map_err(|fault| {
                let hint = "the directives are those of chrono, such as %Y-%m-%d %H:%M:%S";
                ParamError::new(format!("\"{pattern}\" {fault}")).key("is").hint(hint)
            })?;
        }
        Ok(())
    }

    fn expected(&self) -> String {
        self.is.name()
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        texts_only(site, "and formats are of texts only")?;
        Ok(Bound::Rows(Box::new(OfFormat(self.is.clone()))))
    }
}

#[derive(Debug)]
struct OfFormat(Format);

impl RowTest for OfFormat {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        self.0.test(rows.first()?)
    }

    fn per_value(&self) -> bool {
        true
    }
}
