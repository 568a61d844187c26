//! Currencies, accounts and cards.

use super::codes::digits;

/// ISO 4217.
pub(super) fn is_currency(text: &str) -> bool {
    text.len() == 3 && CURRENCIES.binary_search(&text).is_ok()
}

/// ISO 13616: the country's structure, and 1 as remainder modulo 97 once the first four characters are put
/// last and letters are numbers from 10.
pub(super) fn is_iban(text: &str) -> bool {
    let Some((country, rest)) = text.split_at_checked(2) else { return false };
    let Some((check, account)) = rest.split_at_checked(2) else { return false };
    let Ok(known) = IBANS.binary_search_by_key(&country, |(country, _)| country) else { return false };
    let remainder =
        account.bytes().chain(country.bytes()).chain(check.bytes()).fold(0, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            _ => (remainder * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
        });
    check.bytes().all(|byte| byte.is_ascii_digit())
        && is_structured(account, IBANS[known].1)
        && remainder == 1
}

/// Whether a text is as a structure of the registry says: so many digits `n`, upper case letters `a`, or
/// either `c`.
fn is_structured(text: &str, structure: &str) -> bool {
    let (mut rest, mut count) = (text.bytes(), 0);
    for symbol in structure.bytes() {
        let fits: fn(u8) -> bool = match symbol {
            b'0'..=b'9' => {
                count = count * 10 + usize::from(symbol - b'0');
                continue;
            }
            b'n' => |byte| byte.is_ascii_digit(),
            b'a' => |byte| byte.is_ascii_uppercase(),
            _ => |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        };
        let expected = std::mem::take(&mut count);
        if rest.by_ref().take(expected).filter(|byte| fits(*byte)).count() < expected {
            return false;
        }
    }
    rest.next().is_none()
}

/// ISO/IEC 7812 with the check digit of Luhn: from the right every second digit is doubled.
pub(super) fn is_card_number(text: &str) -> bool {
    let Some(found) = digits(text) else { return false };
    let count = digits(text).map_or(0, Iterator::count);
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let part =
        |(at, digit): (usize, u32)| if (count - at).is_multiple_of(2) { doubled(digit) } else { digit };
    (12..=19).contains(&count) && !text.starts_with('0') && found.enumerate().map(part).sum::<u32>() % 10 == 0
}

/// List one as of January 2026, in order.
#[rustfmt::skip]
static CURRENCIES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
    "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR",
    "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN",
    "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH",
    "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAD",
    "XAF", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XCD", "XCG", "XDR", "XOF", "XPD", "XPF",
    "XPT", "XSU", "XTS", "XUA", "XXX", "YER", "ZAR", "ZMW", "ZWG",
];

/// Countries of the SWIFT registry, release 101, in order, with the structure of what follows the check
/// digits.
#[rustfmt::skip]
static IBANS: &[(&str, &str)] = &[
    ("AD", "8n12c"), ("AE", "19n"), ("AL", "8n16c"), ("AT", "16n"), ("AZ", "4a20c"), ("BA", "16n"),
    ("BE", "12n"), ("BG", "4a6n8c"), ("BH", "4a14c"), ("BI", "23n"), ("BR", "23n1a1c"),
    ("BY", "4c4n16c"), ("CH", "5n12c"), ("CR", "18n"), ("CY", "8n16c"), ("CZ", "20n"),
    ("DE", "18n"), ("DJ", "23n"), ("DK", "14n"), ("DO", "4c20n"), ("EE", "16n"), ("EG", "25n"),
    ("ES", "20n"), ("FI", "14n"), ("FK", "2a12n"), ("FO", "14n"), ("FR", "10n11c2n"),
    ("GB", "4a14n"), ("GE", "2a16n"), ("GI", "4a15c"), ("GL", "14n"), ("GR", "7n16c"),
    ("GT", "24c"), ("HN", "4a20n"), ("HR", "17n"), ("HU", "24n"), ("IE", "4a14n"), ("IL", "19n"),
    ("IQ", "4a15n"), ("IS", "22n"), ("IT", "1a10n12c"), ("JO", "4a4n18c"), ("KW", "4a22c"),
    ("KZ", "3n13c"), ("LB", "4n20c"), ("LC", "4a24c"), ("LI", "5n12c"), ("LT", "16n"),
    ("LU", "3n13c"), ("LV", "4a13c"), ("LY", "21n"), ("MC", "10n11c2n"), ("MD", "20c"),
    ("ME", "18n"), ("MK", "3n10c2n"), ("MN", "16n"), ("MR", "23n"), ("MT", "4a5n18c"),
    ("MU", "4a19n3a"), ("NI", "4a20n"), ("NL", "4a10n"), ("NO", "11n"), ("OM", "3n16c"),
    ("PK", "4a16c"), ("PL", "24n"), ("PS", "4a21c"), ("PT", "21n"), ("QA", "4a21c"),
    ("RO", "4a16c"), ("RS", "18n"), ("RU", "14n15c"), ("SA", "2n18c"), ("SC", "4a20n3a"),
    ("SD", "14n"), ("SE", "20n"), ("SI", "15n"), ("SK", "20n"), ("SM", "1a10n12c"), ("SO", "19n"),
    ("ST", "21n"), ("SV", "4a20n"), ("TL", "19n"), ("TN", "20n"), ("TR", "6n16c"), ("UA", "6n19c"),
    ("VA", "18n"), ("VG", "4a16n"), ("XK", "16n"), ("YE", "4a4n18c"),
];
