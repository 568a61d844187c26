//! What the page holds, and what nothing from data can bring into it.

use lockgate_engine::history::Recalled;
use lockgate_engine::report::Distribution;

use super::*;
use crate::report::sample::{hostile, large, recalled, record};

fn written(recalled: &Recalled) -> String {
    page(recalled).expect("a page")
}

#[test]
fn the_verdict_comes_first_and_then_what_failed() {
    let page = written(&recalled(record(), 30));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    let order = ["Withheld</span></h1>", "What failed</h2>", "city-known", "All checks</h2>", "Lineage</h2>"];
    assert!(order.map(at).is_sorted());
    assert!(page.contains("2 checks closed the gate after 1.84 s: nothing was published."));
    assert!(
        page.contains("3 of 1,000 fail (0.30\u{a0}%)") && page.contains("lake&#x2f;raw&#x2f;part-1.parquet")
    );
    assert!(
        page.contains("31 runs:")
            && page.contains("−6")
            && page.contains("column &quot;zip&quot; is missing")
    );
}

#[test]
fn nothing_is_asked_of_the_network() {
    let page = PAGE.without_own(&written(&recalled(record(), 3)));
    for address in ["http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.contains("default-src &#x27;none&#x27;"));
}

#[test]
fn nothing_from_data_becomes_markup_or_script() {
    let page = PAGE.without_own(&written(&recalled(hostile(), 3)));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(
        !page.contains(|c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c))
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
    assert!(page.contains("\\u{1b}[31m") && page.contains("{{ 1 }}"));
}

#[test]
fn a_run_without_anything_has_a_page() {
    let mut record = record();
    record.inputs.clear();
    record.tables.clear();
    record.checks.clear();
    record.resources = lockgate_engine::report::Resources::default();
    let page = written(&Recalled::from(record));
    assert!(page.contains("The run has no checks") && !page.contains("Lineage</h2>"));
}

#[test]
fn distributions_are_drawn_over_their_baseline() {
    let distribution = Distribution {
        on: "clean".into(),
        column: "<price>".into(),
        bins: vec!["under 1".into(), "1 to 2".into(), "over 2".into()],
        current: vec![10, 30, 5],
        baseline: vec![100, 250, 90],
    };
    let page = written(&Recalled { distributions: vec![distribution], ..Recalled::from(record()) });
    assert!(
        page.contains("Distribution of &lt;price&gt;") && page.contains("under 1: 22.2 %, baseline 22.7 %")
    );
    assert!(!written(&Recalled::from(record())).contains("Distributions</h2>"));
}

#[test]
fn a_thousand_checks_over_a_year_stay_small() {
    let page = written(&recalled(large(1_000), 365));
    assert!(page.len() < 4_500_000, "{}", page.len());
    // What is folded is kept as text, and drawn once.
    assert_eq!(page.matches("<noscript>").count(), 1_000);
    assert_eq!(page.matches("<path d=").count(), 1_000 + 30 + 1 + 1);
}
