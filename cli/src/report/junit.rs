//! Test results in the JUnit XML that Jenkins, GitLab and others read: a suite for each source and table, a
//! case for each check.
//!
//! There is no one standard; this keeps to what the schemas of Jenkins and of Ant have in common. A check that
//! closes the gate or alerts is a `failure` of that type, one that could not be answered an `error`, one that
//! had nothing to evaluate `skipped`. A failure that is only noted passes, and is told in `system-out`.

use lockgate_engine::report::Check;
use lockgate_engine::{Error, Result, RunRecord};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::check::{applied, observed, samples, value};
use crate::render::{Standing, escape};

/// Test results of a run.
pub(super) fn results(record: &RunRecord) -> Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    written(&mut xml, record)
        .map_err(|error| Error::defect("writing test results as XML").because(error))
        .and_then(|()| {
            String::from_utf8(xml.into_inner())
                .map_err(|error| Error::defect("test results are not text").because(error))
        })
        .map(|text| text + "\n")
}

type Xml = Writer<Vec<u8>>;

fn written(xml: &mut Xml, record: &RunRecord) -> std::io::Result<()> {
    let seconds = seconds(record);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Check> = record.checks.iter().collect();
    let root = with(element("testsuites"), &[("name", &record.pipeline)]);
    let root = with(counted(root, &all), &[("time", &seconds)]);
    xml.write_event(Event::Start(root))?;
    for (at, (on, checks)) in suites(record).into_iter().enumerate() {
        let suite = counted(with(element("testsuite"), &[("name", on)]), &checks);
        // All checks of a run are measured in one pass: there is no time of a suite's own.
        let time = if at == 0 { seconds.as_str() } else { "0.000" };
        let skipped = checks.iter().filter(|check| Standing::of(&check.verdict) == Standing::Skipped).count();
        let suite = with(
            suite,
            &[
                ("skipped", &skipped.to_string()),
                ("time", time),
                ("timestamp", &record.started_at.format("%Y-%m-%dT%H:%M:%S").to_string()),
                ("hostname", "localhost"),
                ("id", &at.to_string()),
                ("package", &record.pipeline),
            ],
        );
        xml.write_event(Event::Start(suite))?;
        properties(xml, record)?;
        for check in checks {
            case(xml, &record.pipeline, check)?;
        }
        end(xml, "testsuite")?;
    }
    end(xml, "testsuites")
}

/// The checks of each source and table, in the order of the record.
fn suites(record: &RunRecord) -> Vec<(&str, Vec<&Check>)> {
    let mut suites: Vec<(&str, Vec<&Check>)> = Vec::new();
    for check in &record.checks {
        match suites.iter_mut().find(|(on, _)| *on == check.on) {
            Some((_, checks)) => checks.push(check),
            None => suites.push((&check.on, vec![check])),
        }
    }
    suites
}

fn properties(xml: &mut Xml, record: &RunRecord) -> std::io::Result<()> {
    start(xml, "properties")?;
    let run_time = record.run_time.to_rfc3339();
    for (name, value) in
        [("run_id", &record.run_id), ("run_time", &run_time), ("lockgate", &record.engine_version)]
    {
        xml.write_event(Event::Empty(with(element("property"), &[("name", name), ("value", value)])))?;
    }
    end(xml, "properties")
}

fn case(xml: &mut Xml, pipeline: &str, check: &Check) -> std::io::Result<()> {
    let class = format!("{pipeline}.{}", check.on);
    let case =
        with(element("testcase"), &[("name", &check.verdict.id), ("classname", &class), ("time", "0.000")]);
    let message = || format!("{}; expected {}", observed(&check.verdict), check.verdict.expected);
    let standing = Standing::of(&check.verdict);
    let (name, kind) = match standing {
        Standing::Pass => return xml.write_event(Event::Empty(case)),
        Standing::Stop => ("failure", "stop"),
        Standing::Alert => ("failure", "alert"),
        Standing::Error => ("error", "error"),
        Standing::Skipped => {
            xml.write_event(Event::Start(case))?;
            let why = with(element("skipped"), &[("message", &check.verdict.observed_text)]);
            xml.write_event(Event::Empty(why))?;
            return end(xml, "testcase");
        }
        Standing::Noted => {
            xml.write_event(Event::Start(case))?;
            start(xml, "system-out")?;
            xml.write_event(Event::Text(BytesText::new(&clean(&told(check)))))?;
            end(xml, "system-out")?;
            return end(xml, "testcase");
        }
    };
    xml.write_event(Event::Start(case))?;
    xml.write_event(Event::Start(with(element(name), &[("message", &message()), ("type", kind)])))?;
    xml.write_event(Event::Text(BytesText::new(&clean(&told(check)))))?;
    end(xml, name)?;
    end(xml, "testcase")
}

/// Everything about a check that failed, line by line.
fn told(check: &Check) -> String {
    let verdict = &check.verdict;
    let mut lines = vec![
        format!("{} on {}", applied(verdict), check.on),
        format!("observed: {}", observed(verdict)),
        format!("expected: {}", verdict.expected),
    ];
    lines.extend(verdict.filter.iter().map(|filter| format!("where: {filter}")));
    lines.extend(verdict.owner.iter().map(|owner| format!("owner: {owner}")));
    lines.extend(verdict.description.iter().cloned());
    for (place, sample) in samples(check) {
        let values: Vec<String> =
            sample.values.iter().map(|(column, of)| format!("{column}={}", value(of))).collect();
        let place = place.map(|place| format!("{place}  ")).unwrap_or_default();
        let occurs = sample.occurs.map(|times| format!("  {times} times")).unwrap_or_default();
        lines.push(format!("{place}{}{occurs}", values.join(" ")));
    }
    let lines: Vec<String> = lines.iter().map(|line| escape(line).into_owned()).collect();
    lines.join("\n")
}

fn counted<'a>(element: BytesStart<'a>, checks: &[&Check]) -> BytesStart<'a> {
    let number = |wanted: &[Standing]| {
        let of = |check: &&&Check| wanted.contains(&Standing::of(&check.verdict));
        checks.iter().filter(of).count().to_string()
    };
    with(
        element,
        &[
            ("tests", &checks.len().to_string()),
            ("failures", &number(&[Standing::Stop, Standing::Alert])),
            ("errors", &number(&[Standing::Error])),
        ],
    )
}

fn seconds(record: &RunRecord) -> String {
    format!("{:.3}", record.resources.elapsed_ms.max(0.0) / 1e3)
}

fn element(name: &str) -> BytesStart<'_> {
    BytesStart::new(name)
}

fn with<'a>(mut element: BytesStart<'a>, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    for (name, value) in attributes {
        element.push_attribute((*name, clean(&escape(value)).as_str()));
    }
    element
}

fn start(xml: &mut Xml, name: &str) -> std::io::Result<()> {
    xml.write_event(Event::Start(element(name)))
}

fn end(xml: &mut Xml, name: &str) -> std::io::Result<()> {
    xml.write_event(Event::End(BytesEnd::new(name)))
}

/// `text` without the characters that XML has no form for; control characters are spelled out before.
fn clean(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::*;
    use crate::report::sample::{hostile, record};

    #[test]
    fn every_check_is_a_case_in_the_suite_of_its_table() {
        insta::assert_snapshot!(results(&record()).expect("test results"));
    }

    /// What Jenkins' `junit-10.xsd` knows of the elements used here: attributes, and elements within.
    const SCHEMA: [(&str, &[&str], &[&str]); 9] = [
        ("testsuites", &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
        (
            "testsuite",
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "group",
                "time",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
            ],
            &["properties", "testcase"],
        ),
        ("properties", &[], &["property"]),
        ("property", &["name", "value"], &[]),
        ("testcase", &["name", "time", "classname", "group"], &["skipped", "error", "failure", "system-out"]),
        ("failure", &["type", "message"], &[]),
        ("error", &["type", "message"], &[]),
        ("skipped", &["type", "message"], &[]),
        ("system-out", &[], &[]),
    ];

    /// The number of cases in `xml`, which keeps to the schema.
    fn cases(xml: &str) -> usize {
        let mut reader = Reader::from_str(xml);
        let mut open: Vec<String> = Vec::new();
        let mut cases = 0;
        loop {
            let event = reader.read_event().expect("well-formed XML");
            if let Event::Start(element) | Event::Empty(element) = &event {
                let name = String::from_utf8_lossy(element.name().as_ref()).into_owned();
                let known = |wanted: &str| SCHEMA.iter().find(|(name, ..)| *name == wanted).expect(wanted);
                for attribute in element.attributes() {
                    let attribute = attribute.expect("an attribute").key.as_ref().to_vec();
                    let attribute = String::from_utf8(attribute).expect("text");
                    assert!(known(&name).1.contains(&attribute.as_str()), "{attribute} of {name}");
                }
                assert!(open.last().is_none_or(|within| known(within).2.contains(&name.as_str())), "{name}");
                cases += usize::from(name == "testcase");
                if matches!(event, Event::Start(_)) {
                    open.push(name);
                }
            } else if let Event::End(_) = event {
                open.pop();
            } else if let Event::Eof = event {
                return cases;
            }
        }
    }

    #[test]
    fn elements_and_attributes_are_those_that_jenkins_knows() {
        assert_eq!(cases(&results(&record()).expect("test results")), record().checks.len());
    }

    #[test]
    fn nothing_from_data_breaks_the_xml() {
        let text = results(&hostile()).expect("test results");
        assert_eq!(cases(&text), hostile().checks.len());
        let allowed = |c: char| !c.is_control() || c == '\n';
        assert!(text.chars().all(allowed) && !text.contains('\u{ffff}'));
    }
}
