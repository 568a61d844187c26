//! A comment for a pull request: the verdict, what asks for attention, and the rest folded away.
//!
//! It keeps within what GitHub accepts. Text from data stands in tables as HTML entities, so that nothing of
//! it is taken for Markdown, a mention or a link.

use std::fmt::Write as _;

use lockgate_engine::RunRecord;
use lockgate_engine::report::{Check, Table};

use super::check::{
    applied, by_urgency, observed, rows_in, rows_out, rows_quarantined, samples, totals, value,
};
use crate::render::{Standing, Tone, count, escape, milliseconds, outcome, things};

/// Characters that GitHub accepts in a comment, less what the ending takes.
const MOST: usize = 65_536 - 256;

/// Characters of one text from data.
const TEXT: usize = 300;

/// Sample rows of a check.
const SAMPLES: usize = 3;

/// A comment on a run.
pub(super) fn comment(record: &RunRecord) -> String {
    let mut comment = Bounded { text: headline(record), left_out: 0 };
    let checks = by_urgency(record);
    let (urgent, others): (Vec<_>, Vec<_>) =
        checks.into_iter().partition(|(standing, _)| standing.is_urgent());
    if !urgent.is_empty() {
        comment.table(
            "\n| | Check | Observed | Expected |\n|---|---|---|---|\n",
            urgent.iter().map(|(standing, check)| row(*standing, check)),
            "",
        );
        let shown = urgent.iter().filter(|(_, check)| !check.verdict.samples.is_empty());
        comment.folded("Rows that fail", shown.map(|(_, check)| sample_rows(check)));
    }
    let steps = record.tables.iter().map(table);
    comment.folded_table(
        &things(record.tables.len() as u64, "table", "tables"),
        "| Table | From | Rows in | Rows out | Quarantined |\n|---|---|--:|--:|--:|\n",
        steps,
    );
    let noted = others.iter().filter(|(standing, _)| *standing != Standing::Pass);
    let passing = others.iter().filter(|(standing, _)| *standing == Standing::Pass);
    for (title, rows) in [
        ("noted or skipped", noted.map(|(standing, check)| row(*standing, check)).collect::<Vec<_>>()),
        ("passing", passing.map(|(standing, check)| row(*standing, check)).collect()),
    ] {
        let title = format!("{} {title}", things(rows.len() as u64, "check", "checks"));
        comment.folded_table(
            &title,
            "| | Check | Observed | Expected |\n|---|---|---|---|\n",
            rows.into_iter(),
        );
    }
    comment.finish()
}

fn headline(record: &RunRecord) -> String {
    let told = outcome(record);
    let mark = match told.tone {
        Tone::Good => "✅",
        Tone::Alert => "⚠️",
        Tone::Bad => "⛔",
    };
    let note = if told.note.is_empty() { String::new() } else { format!(": {}", told.note) };
    let mut text = format!("### {mark} {} {}{note}\n\n", told.verdict, code(&record.pipeline));
    let totals: Vec<String> =
        totals(record).iter().map(|(standing, n)| format!("{n} {}", standing.name())).collect();
    let mut facts = vec![format!("{} rows in", count(rows_in(record)))];
    let written = count(rows_out(record));
    facts.push(match told.tone {
        Tone::Bad => format!("{written} rows not published"),
        Tone::Good | Tone::Alert => format!("{written} rows out"),
    });
    if rows_quarantined(record) > 0 {
        facts.push(format!("{} in quarantine", count(rows_quarantined(record))));
    }
    facts.push(milliseconds(record.resources.elapsed_ms));
    if !totals.is_empty() {
        facts.push(format!("checks: {}", totals.join(", ")));
    }
    let id: String = record.run_id.chars().take(12).collect();
    let time = record.run_time.format("%Y-%m-%d %H:%M:%S UTC");
    let _ = writeln!(text, "{}  \nrun {} at {time}", facts.join(" · "), code(&id));
    text
}

fn row(standing: Standing, check: &Check) -> String {
    let verdict = &check.verdict;
    let mark = match standing {
        Standing::Stop | Standing::Error => "⛔",
        Standing::Alert => "⚠️",
        Standing::Noted => "📝",
        Standing::Skipped => "⏭️",
        Standing::Pass => "✅",
    };
    let name = format!("{}: **{}**<br>{}", plain(&check.on), plain(&verdict.id), plain(&applied(verdict)));
    let name = match &verdict.owner {
        Some(owner) => format!("{name}<br>owner {}", plain(owner)),
        None => name,
    };
    let (found, wanted) = (plain(&observed(verdict)), plain(&verdict.expected));
    format!("| {mark} {} | {name} | {found} | {wanted} |\n", standing.name())
}

fn sample_rows(check: &Check) -> String {
    let mut text = format!("\n{}: **{}**\n", plain(&check.on), plain(&check.verdict.id));
    for (place, sample) in samples(check).take(SAMPLES) {
        let values: Vec<String> =
            sample.values.iter().map(|(column, of)| code(&format!("{column}={}", value(of)))).collect();
        let place = place.map(|place| format!(" — {}", plain(place))).unwrap_or_default();
        let _ = writeln!(text, "- {}{place}", values.join(" "));
    }
    text
}

fn table(table: &Table) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        plain(&table.table),
        plain(&table.from),
        count(table.rows_in),
        count(table.rows_out),
        count(table.rows_quarantined),
    )
}

/// Text that grows while there is room.
struct Bounded {
    text: String,
    left_out: usize,
}

impl Bounded {
    /// Parts between `before` and `after`, as many as there is room for; nothing where there are none.
    fn table(&mut self, before: &str, parts: impl Iterator<Item = String>, after: &str) {
        let parts: Vec<String> = parts.collect();
        let mut used = self.text.chars().count() + before.chars().count() + after.chars().count();
        let fits = |part: &&String| {
            used += part.chars().count();
            used <= MOST
        };
        let kept: Vec<&String> = parts.iter().take_while(fits).collect();
        self.left_out += parts.len() - kept.len();
        if !kept.is_empty() {
            self.text += before;
            self.text.extend(kept.into_iter().map(String::as_str));
            self.text += after;
        }
    }

    fn folded(&mut self, title: &str, parts: impl Iterator<Item = String>) {
        self.table(&format!("\n<details><summary>{title}</summary>\n"), parts, "\n</details>\n");
    }

    fn folded_table(&mut self, title: &str, head: &str, rows: impl Iterator<Item = String>) {
        self.table(&format!("\n<details><summary>{title}</summary>\n\n{head}"), rows, "\n</details>\n");
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let left_out = things(self.left_out as u64, "line is", "lines are");
            self.text +=
                &format!("\n{left_out} left out for want of room; `lockgate report` as html shows all.\n");
        }
        self.text
    }
}

/// Text from data, as it reads: everything that Markdown or HTML could take for its own is an entity. It
/// never begins a line.
fn plain(text: &str) -> String {
    let short = shortened(text);
    let is_link = short.to_ascii_lowercase().contains("www.");
    escape(&short).chars().fold(String::with_capacity(short.len()), |mut plain, c| {
        match c {
            // GitHub looks for people and issues in what it has rendered: a word joiner keeps them apart.
            '@' | '#' => {
                let _ = write!(plain, "&#{};\u{2060}", u32::from(c));
            }
            '.' if is_link => plain.push_str("&#46;"),
            _ if !c.is_ascii() || c.is_ascii_alphanumeric() || " ,;%/=?.-+()'".contains(c) => plain.push(c),
            _ => {
                let _ = write!(plain, "&#{};", u32::from(c));
            }
        }
        plain
    })
}

/// Text from data as code.
fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::sample::{HOSTILE, hostile, large, record};

    #[test]
    fn the_verdict_comes_first_and_what_passes_is_folded() {
        insta::assert_snapshot!(comment(&record()));
    }

    #[test]
    fn nothing_from_data_is_taken_for_markdown() {
        insta::assert_snapshot!(plain(HOSTILE));
        let text = comment(&hostile());
        let tags: BTreeSet<&str> = text.split('<').skip(1).filter_map(|tag| tag.split('>').next()).collect();
        let own = ["/code", "/details", "/summary", "br", "code", "details", "summary"];
        assert_eq!(tags, BTreeSet::from(own));
        // Every row has its four or five cells, and every line begins with what is ours.
        let begins =
            ["###", "|", "run <code>", "<details>", "</details>", "- <code>", "1,012 rows in", "&#60;"];
        assert!(
            text.lines().all(|line| line.is_empty() || begins.iter().any(|begin| line.starts_with(begin)))
        );
        assert!(text.lines().filter(|line| line.starts_with('|')).all(|line| line.split('|').count() <= 7));
        assert!(!text.contains(['`', '\u{1b}', '\u{2028}', '\u{202e}']));
    }

    #[test]
    fn a_comment_fits_into_what_github_accepts() {
        let text = comment(&large(2_000));
        assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
        assert!(text.chars().count() > 60_000);
        assert!(text.contains("left out for want of room"));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}
