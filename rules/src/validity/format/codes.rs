//! Numbers and names that registries and standards give.

use std::sync::LazyLock;

use regex::Regex;

/// RFC 9562 in its text form.
pub(super) fn is_uuid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// E.164 with its plus sign.
pub(super) fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// ISO 2108: of 10 digits the sum weighted from 10 down to 1 is a multiple of 11, where X stands for 10 at
/// the end; of 13 the sum weighted by 1 and 3 in turn is a multiple of 10.
pub(super) fn is_isbn(text: &str) -> bool {
    let before_x = text.strip_suffix('X').map(|rest| rest.strip_suffix(['-', ' ']).unwrap_or(rest));
    let Some(numbers) = digits(before_x.unwrap_or(text)) else { return false };
    let (mut count, mut of_ten, mut of_thirteen) = (0, 0, 0);
    for digit in numbers.chain(before_x.map(|_| 10)) {
        let digit = i64::from(digit);
        of_ten += (10 - count) * digit;
        of_thirteen += if count % 2 == 0 { digit } else { 3 * digit };
        count += 1;
    }
    match count {
        10 => of_ten % 11 == 0,
        13 => {
            before_x.is_none()
                && (text.starts_with("978") || text.starts_with("979"))
                && of_thirteen % 10 == 0
        }
        _ => false,
    }
}

/// Semantic Versioning 2.0.0, by the pattern that semver.org suggests.
pub(super) fn is_semver(text: &str) -> bool {
    static SEMVER: LazyLock<Regex> = LazyLock::new(|| {
        let number = "(?:0|[1-9][0-9]*)";
        let identifier = "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
        let build = "[0-9a-zA-Z-]+";
        let pattern = format!(
            r"\A{number}\.{number}\.{number}(?:-{identifier}(?:\.{identifier})*)?(?:\+{build}(?:\.{build})*)?\z"
        );
        Regex::new(&pattern).expect("the pattern of the standard is a regular expression")
    });
    SEMVER.is_match(text)
}

/// The digits of a text that may have single blanks or hyphens between them. None where there is anything
/// else.
pub(super) fn digits(text: &str) -> Option<impl Iterator<Item = u32> + '_> {
    let parts = |byte: u8| byte == b' ' || byte == b'-';
    let bytes = text.as_bytes();
    let apart = bytes.windows(2).all(|pair| !(parts(pair[0]) && parts(pair[1])));
    let inside = bytes.first().is_some_and(u8::is_ascii_digit) && !bytes.last().copied().is_some_and(parts);
    let known = bytes.iter().all(|byte| byte.is_ascii_digit() || parts(*byte));
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
    (apart && inside && known).then_some(digits)
}
