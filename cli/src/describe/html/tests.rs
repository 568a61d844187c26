//! What the page holds, and what nothing from data can bring into it.

use super::*;
use crate::describe::tests::sample;
use crate::report::sample::HOSTILE;

fn written(description: &Description) -> String {
    page(description).expect("a page")
}

#[test]
fn every_column_is_told_with_its_figures() {
    let page = written(&sample());
    let order = ["dep_delay</span>", "2.45\u{a0}%", "-43 to 1301", "carrier</span>", "58,665", "tags</span>"];
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(order.map(at).is_sorted());
    assert!(page.contains("629 to 965: 0\u{a0}%") && page.contains("2 characters"));
    assert!(page.contains("≈\u{a0}6,936") && page.contains(">NaN</span>"));
}

#[test]
fn nothing_is_asked_of_the_network() {
    let page = PAGE.without_own(&written(&sample()));
    for address in ["http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.contains("default-src &#x27;none&#x27;"));
}

#[test]
fn nothing_from_data_becomes_markup_or_script() {
    let mut description = sample();
    description.dataset = HOSTILE.into();
    for column in &mut description.columns {
        column.name = HOSTILE.into();
        column.min = column.min.as_ref().map(|_| HOSTILE.into());
        column.quantiles.iter_mut().for_each(|quantile| quantile.value = HOSTILE.into());
        column
            .histogram
            .iter_mut()
            .for_each(|of| of.edges.iter_mut().for_each(|edge| *edge = HOSTILE.into()));
        column.values.iter_mut().chain(&mut column.patterns).for_each(|of| of.value = HOSTILE.into());
    }
    let page = PAGE.without_own(&written(&description));
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(
        !page.contains(|c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c))
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;") && page.contains("{{ 1 }}"));
}

#[test]
fn many_columns_are_folded_and_kept_as_text() {
    let mut description = sample();
    assert!(
        written(&description).contains("<details open>") && !written(&description).contains("<noscript>")
    );
    let column = description.columns[0].clone();
    description.columns.resize(UNFOLDED + 1, column);
    let page = written(&description);
    assert_eq!(page.matches("<noscript>").count(), UNFOLDED + 1);
    assert!(!page.contains("<details open>"));
}

#[test]
fn a_dataset_without_rows_or_columns_has_a_page() {
    let mut description = sample();
    description.rows = 0;
    description.columns.clear();
    assert!(written(&description).contains("The dataset has no columns."));
}
