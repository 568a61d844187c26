//! Addresses of the internet.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

/// A valid e-mail address of the HTML standard, by the pattern given there.
pub(super) fn is_email(text: &str) -> bool {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
        let label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
        let pattern = format!(r"\A[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{label}(?:\.{label})*\z");
        Regex::new(&pattern).expect("the pattern of the standard is a regular expression")
    });
    EMAIL.is_match(text)
}

pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// An EUI-48 address.
pub(super) fn is_mac(text: &str) -> bool {
    let grouped = |parting: char, groups: usize, digits: usize| {
        let hexadecimal = |group: &str| group.len() == digits && group.bytes().all(|b| b.is_ascii_hexdigit());
        text.split(parting).count() == groups && text.split(parting).all(hexadecimal)
    };
    grouped(':', 6, 2) || grouped('-', 6, 2) || grouped('.', 3, 4)
}

/// `scheme://authority path [?query] [#fragment]` of RFC 3986, with the characters of RFC 3987.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    is_scheme(scheme)
        && is_written(user, ":")
        && is_host_and_port(host)
        && is_written(rest, ":@/?")
        && is_written(fragment, ":@/?")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Whether a text has no characters but unreserved ones, delimiters, those given, and escaped bytes.
fn is_written(text: &str, besides: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let fits = match c {
            '%' => [rest.next(), rest.next()].iter().all(|c| c.is_some_and(|c| c.is_ascii_hexdigit())),
            c if c.is_ascii() => {
                c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || besides.contains(c)
            }
            c => !c.is_control() && !c.is_whitespace(),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_host_and_port(text: &str) -> bool {
    let ported = |rest: &str| match rest.strip_prefix(':') {
        Some(port) => port.is_empty() || (is_digits(port) && port.parse::<u16>().is_ok()),
        None => rest.is_empty(),
    };
    if let Some(inner) = text.strip_prefix('[') {
        return inner.split_once(']').is_some_and(|(address, rest)| is_ipv6(address) && ported(rest));
    }
    let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    ported(port) && is_host(host)
}

/// A domain name, or an IPv4 address, as which a name whose last label is a number counts.
fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.rsplit('.').next().is_some_and(is_digits) {
        return is_ipv4(text);
    }
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Underscores are in no host's name by RFC 1123, but in names that resolve.
fn is_label(text: &str) -> bool {
    let fits = |c: char| {
        c.is_alphanumeric()
            || c == '-'
            || c == '_'
            || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
    };
    (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-') && text.chars().all(fits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
