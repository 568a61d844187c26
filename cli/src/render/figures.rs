//! Numbers as people read them.

use std::time::Duration;

/// A count with its digits in groups of three: `336,776`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count of things: `1 file`, `12 files`.
pub(crate) fn things(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A size to three digits, in units of 1000: `5.21 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// A rate of rows to three digits: `1.23 M`.
pub(crate) fn rate(per_second: f64) -> String {
    scaled(per_second, &["", "k", "M", "G"]).trim_end().to_owned()
}

fn scaled(value: f64, units: &[&str]) -> String {
    let mut value = if value.is_finite() { value.max(0.0) } else { 0.0 };
    let mut at = 0;
    // What would be rounded to 1000 already belongs to the next unit.
    while value >= 999.5 && at + 1 < units.len() {
        value /= 1000.0;
        at += 1;
    }
    let places = match value {
        _ if at == 0 => 0,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.places$} {}", units[at])
}

/// A share in per cent; one that is not nothing is not shown as such, nor one that is not all.
pub(crate) fn percent(share: f64) -> String {
    let text = match share * 100.0 {
        share if share > 0.0 && share < 0.01 => "<0.01".to_owned(),
        share if share < 100.0 && share > 99.99 => ">99.99".to_owned(),
        share => format!("{share:.2}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    };
    text + "\u{a0}%"
}

/// A float to a few digits: `12345.7`, `0.3333`, `1.000e-9`.
pub(crate) fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e12).contains(&size) {
        return format!("{value:.3e}");
    }
    let places = if size >= 1000.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.places$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A duration to about three digits: `12 ms`, `1.84 s`, `2 min 5 s`, `3 h 20 min`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 9.995 => format!("{seconds:.2} s"),
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        _ => clock(duration),
    }
}

/// A duration in whole seconds, for figures that change while they are read: `6 s`, `2 min 5 s`.
pub(crate) fn clock(duration: Duration) -> String {
    let whole = duration.as_secs_f64().round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A duration given in milliseconds.
pub(crate) fn milliseconds(ms: f64) -> String {
    duration(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 336_776, 1_000_000].map(count),
            ["0", "999", "1,000", "336,776", "1,000,000"]
        );
        assert_eq!(things(1, "file", "files"), "1 file");
        assert_eq!(things(0, "file", "files"), "0 files");
    }

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [0, 999, 1000, 5_210_000, 99_960_000, 999_600_000, 1_234_000_000_000].map(bytes);
        assert_eq!(sizes, ["0 B", "999 B", "1.00 kB", "5.21 MB", "100 MB", "1.00 GB", "1.23 TB"]);
    }

    #[test]
    fn rates_of_nothing_are_zero() {
        assert_eq!([0.0, f64::NAN, f64::INFINITY, 1_234_000.0].map(rate), ["0", "0", "0", "1.23 M"]);
    }

    #[test]
    fn no_share_is_rounded_to_nothing_or_to_all() {
        let shares = [0.0, 1e-9, 0.5, 0.12345, 0.999_999, 1.0].map(percent);
        let wanted = ["0", "<0.01", "50", "12.35", ">99.99", "100"].map(|text| format!("{text}\u{a0}%"));
        assert_eq!(shares, wanted);
    }

    #[test]
    fn floats_have_few_digits() {
        let floats = [0.0, -2.5, 12_345.678, 1e-9, 1e15, 0.333_333].map(float);
        assert_eq!(floats, ["0", "-2.5", "12345.7", "1.000e-9", "1.000e15", "0.3333"]);
    }

    #[test]
    fn durations_grow_into_larger_units() {
        let durations =
            [0.0, 12.0, 999.6, 1840.0, 12_340.0, 59_960.0, 125_000.0, 12_000_000.0].map(milliseconds);
        let wanted = ["0 ms", "12 ms", "1.00 s", "1.84 s", "12.3 s", "1 min 0 s", "2 min 5 s", "3 h 20 min"];
        assert_eq!(durations, wanted);
        assert_eq!(milliseconds(f64::NAN), "0 ms");
    }
}
