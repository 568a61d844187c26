//! The pipeline file as text, for showing the line an error is about.

use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};

use super::vars::is_secret;

/// The text of a pipeline file and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The file's name as the user gave it.
    pub name: Arc<str>,
    /// Its text, without a byte order mark.
    pub text: Arc<str>,
}

impl SourceText {
    /// The text of the file `name`.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: without_mark(text).into() }
    }

    /// Line `number`, from 1, without its line break.
    pub fn line(&self, number: usize) -> Option<&str> {
        lines(&self.text).nth(number.checked_sub(1)?)
    }

    /// The same as it may be shown, as long as before: with asterisks for credentials in an address, and for what
    /// follows the name of a secret variable.
    pub fn line_to_show(&self, number: usize) -> Option<String> {
        let line = without_credentials(self.line(number)?);
        let before: Vec<&str> = lines(&self.text).take(number.checked_sub(1)?).collect();
        let is_key = |line: &&str| line.starts_with(|first: char| !first.is_whitespace() && first != '#');
        let key =
            if is_key(&line.as_str()) { Some(line.as_str()) } else { before.iter().copied().rfind(is_key) };
        if !key.is_some_and(|key| VARS.as_ref().is_some_and(|vars| vars.is_match(key))) {
            return Some(line);
        }
        // What is indented deeper than a secret variable is its value.
        let mut above = before.iter().copied().filter(|above| !above.trim().is_empty());
        let owner = above.rfind(|above| indent(above) < indent(&line));
        let is_value = owner.is_some_and(|owner| !is_key(&line.as_str()) && secret_from(owner).is_some());
        let from = if is_value { Some(indent(&line)) } else { secret_from(&line) };
        let Some(from) = from else { return Some(line) };
        let (shown, hidden) = line.split_at(from);
        Some(format!("{shown}{}", asterisks(hidden)))
    }
}

/// The key of the variables.
static VARS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"^["']?vars["']?\s*:"#).ok());

/// An address's scheme, and what stands before the `@` of its authority.
static CREDENTIALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z0-9+.-]*)://([^/\s"',}]+)@"#).ok());

/// The name of a variable, and what stands between it and its value.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"([\w.-]+)["']?\s*:\s*"#).ok());

/// A variable that is taken as it is.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^["']?\$\{\s*\w+\s*\}["']?\s*$"#).ok());

/// A parameter of an address that signs it or gives access.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)([?&](?:sig|[\w-]*(?:token|signature|key|secret)[\w-]*)=)([^&\s"']+)"#).ok()
});

fn without_credentials(line: &str) -> String {
    let (Some(credentials), Some(parameter)) = (&*CREDENTIALS, &*PARAMETER) else { return line.to_owned() };
    let line = parameter.replace_all(line, |found: &Captures<'_>| {
        let value = &found[2];
        if value.contains("${") { found[0].to_owned() } else { format!("{}{}", &found[1], asterisks(value)) }
    });
    let shown = credentials.replace_all(&line, |found: &Captures<'_>| {
        // Azure's addresses have the container there.
        let is_container = found[1].starts_with('a') && !found[2].contains(':');
        let before = if is_container { found[2].to_owned() } else { asterisks(&found[2]) };
        format!("{}://{before}@", &found[1])
    });
    shown.into_owned()
}

/// Where in a line of variables the value of the first secret one begins; none where it only refers to another.
fn secret_from(line: &str) -> Option<usize> {
    let names = NAME.as_ref()?.captures_iter(line);
    let mut secrets = names.filter(|found| is_secret(&found[1]));
    let from = secrets.next()?.get(0)?.end();
    (!REFERENCE.as_ref()?.is_match(&line[from..])).then_some(from)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// As many asterisks, blanks apart.
fn asterisks(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect()
}

/// `text` without a leading byte order mark.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The lines of `text` as YAML counts them: a line ends with LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..));
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_lf_crlf_or_cr() {
        let text = SourceText::new("p.yaml", "\u{feff}a\r\nb\nc\rd");
        let lines: Vec<_> = (0..6).map(|number| text.line(number)).collect();
        assert_eq!(lines, [None, Some("a"), Some("b"), Some("c"), Some("d"), None]);
    }

    fn shown(text: &str) -> Vec<String> {
        let text = SourceText::new("p.yaml", text);
        (1..).map_while(|number| text.line_to_show(number)).collect()
    }

    #[test]
    fn credentials_in_an_address_are_not_shown() {
        assert_eq!(
            shown("read: 's3://AKIA:plänted@b/x@y'\nto: az://u:planted@b/x, gs://planted@b"),
            ["read: 's3://************@b/x@y'", "to: az://*********@b/x, gs://*******@b"]
        );
        assert_eq!(
            shown("read: \"az://c/x?sv=2020&sig=PLAN%2Fted&se=1\", to: az://c?sas_token=${TOKEN}"),
            ["read: \"az://c/x?sv=2020&sig=**********&se=1\", to: az://c?sas_token=${TOKEN}"]
        );
        let innocent = "read: abfss://container@account.dfs.core.windows.net/a@b, s3://bucket/a:b@c";
        assert_eq!(shown(innocent), [innocent]);
    }

    #[test]
    fn values_of_secret_variables_are_not_shown() {
        let text = "# vars: {token: x}\nvars:\n  api_token: pl,anted\n  \"api_key\": 'pl''anted'\n  day: today\n  \
                    other_token: ${TOKEN}\n  my_password: ${NOPE:-planted}\n  a_secret: |\n    planted\n\n    too\n  \
                    b_secret: {a: planted}\ntables:\n  token: kept";
        let told = "# vars: {token: x}\nvars:\n  api_token: ********\n  \"api_key\": ***********\n  day: today\n  \
                    other_token: ${TOKEN}\n  my_password: ****************\n  a_secret: *\n    *******\n\n    ***\n  \
                    b_secret: *** ********\ntables:\n  token: kept";
        assert_eq!(shown(text).join("\n"), told);
        assert_eq!(
            shown("vars: {day: 1, my_password: planted, b: c}\nvarsity: {token: kept}"),
            ["vars: {day: 1, my_password: ******** ** **", "varsity: {token: kept}"]
        );
        assert_eq!(shown("vars: {my_password:\n  planted}"), ["vars: {my_password:", "  ********"]);
    }
}
