//! Which earlier points a point is compared with, as people type it.

use lockgate_rules::Baseline;

/// Reads `last:30`, `previous`, `same_weekday:4` or `run:ID`.
pub(super) fn baseline(text: &str) -> Result<Baseline, String> {
    let points = |count: &str| {
        count
            .parse::<usize>()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("\"{count}\" is no number of points; for example: last:7"))
    };
    match text.split_once(':') {
        None if text == "previous" => Ok(Baseline::Previous),
        Some(("last", count)) => points(count).map(Baseline::Last),
        Some(("same_weekday", count)) => points(count).map(Baseline::SameWeekday),
        Some(("run", id)) if !id.is_empty() => Ok(Baseline::Run(id.to_owned())),
        _ => Err("give last:N, previous, same_weekday:N or run:ID".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baselines_are_read_as_they_are_typed() {
        assert_eq!(baseline("last:30"), Ok(Baseline::Last(30)));
        assert_eq!(baseline("previous"), Ok(Baseline::Previous));
        assert_eq!(baseline("same_weekday:4"), Ok(Baseline::SameWeekday(4)));
        assert_eq!(baseline("run:3f9a"), Ok(Baseline::Run("3f9a".into())));
        for wrong in ["last", "last:0", "last:x", "run:", "", "next:1"] {
            assert!(baseline(wrong).is_err(), "{wrong}");
        }
    }
}
