//! One HTTP/1.1 request or response, whole.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read};

/// Names of headers that say how a message is framed, which each connection says anew.
const FRAMING: [&str; 4] = ["connection", "content-length", "keep-alive", "transfer-encoding"];

/// A message with its body out of chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// The request or status line.
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What the head says of a body that does not follow, as in the reply to HEAD.
    announced: Option<String>,
}

impl Message {
    /// Reads a request; none if the client has no more.
    pub(super) fn request(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(mut request) = Self::head_of(from)? else { return Ok(None) };
        request.body = request.read_body(from, false)?;
        Ok(Some(request))
    }

    /// Reads the response to a request of `method`.
    pub(super) fn response(from: &mut impl BufRead, method: &str) -> io::Result<Self> {
        let mut response = Self::head_of(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if method == "HEAD" || matches!(response.status(), 100..200 | 204 | 304) {
            response.announced = response.header("content-length").map(str::to_owned);
        } else {
            response.body = response.read_body(from, true)?;
        }
        Ok(response)
    }

    /// An answer of a status of its own.
    pub(super) fn answer(code: u16, retry_after: Option<u32>) -> Self {
        let headers = retry_after.map(|seconds| ("Retry-After".to_owned(), seconds.to_string()));
        let body = format!("<Error><Code>Fault</Code><Message>status {code} on purpose</Message></Error>");
        Self {
            line: format!("HTTP/1.1 {code} On Purpose"),
            headers: headers.into_iter().collect(),
            body: body.into_bytes(),
            announced: None,
        }
    }

    /// The first word of a request: GET, PUT, ….
    pub(super) fn method(&self) -> &str {
        self.word(0)
    }

    /// Path and query of a request.
    pub(super) fn target(&self) -> &str {
        self.word(1)
    }

    /// The status of a response; 0 if it is none.
    pub(super) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    fn word(&self, n: usize) -> &str {
        self.line.split(' ').nth(n).unwrap_or_default()
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, to be changed.
    pub(super) fn body_mut(&mut self) -> &mut Vec<u8> {
        &mut self.body
    }

    /// The head as it is sent over a connection that is kept or not.
    pub(super) fn head(&self, keep: bool) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.line);
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_framing(name)) {
            // Infallible: writing to a string.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(length) = self.length() {
            let _ = write!(head, "content-length: {length}\r\n");
        }
        let _ = write!(head, "connection: {}\r\n\r\n", if keep { "keep-alive" } else { "close" });
        head.into_bytes()
    }

    /// What the head says of the body's length. A request without a body may leave it out, and signatures of
    /// Azure's know whether it did.
    fn length(&self) -> Option<String> {
        let is_left_out = !self.line.starts_with("HTTP/")
            && self.body.is_empty()
            && self.header("content-length").is_none();
        let length = self.announced.clone().unwrap_or_else(|| self.body.len().to_string());
        (!is_left_out).then_some(length)
    }

    fn head_of(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(line) = read_line(from)? else { return Ok(None) };
        let mut headers = Vec::new();
        loop {
            let field = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if field.is_empty() {
                return Ok(Some(Self { line, headers, body: Vec::new(), announced: None }));
            }
            let (name, value) = field.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Reads the body; without a length, that of a response ends with the connection.
    fn read_body(&self, from: &mut impl BufRead, until_end: bool) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            while read_chunk(from, &mut body)? {}
        } else if let Some(length) = self.header("content-length") {
            let length = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
            read_exactly(from, length, &mut body)?;
        } else if until_end {
            from.read_to_end(&mut body)?;
        }
        Ok(body)
    }
}

fn is_framing(name: &str) -> bool {
    FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing))
}

/// Reads one chunk; false after the last.
fn read_chunk(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    let length = u64::from_str_radix(digits, 16).map_err(|_| io::ErrorKind::InvalidData)?;
    read_exactly(from, length, body)?;
    // The end of the chunk's line, or of the trailers.
    while read_line(from)?.is_some_and(|line| !line.is_empty()) {}
    Ok(length > 0)
}

fn read_exactly(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = from.by_ref().take(length).read_to_end(body)?;
    if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// A line without its end; none at the end of the stream.
fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}
