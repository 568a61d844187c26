//! The proxy before a server of a few lines.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::message::Message;
use super::{End, Fault, Plan, Proxy, Rule};

const BODY: &[u8] = b"0123456789abcdef";

/// A server that answers every request with [`BODY`] and the host it was asked for, and counts them.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let request =
                Message::request(&mut BufReader::new(client.try_clone().unwrap())).unwrap().unwrap();
            counting.fetch_add(1, Ordering::SeqCst);
            let host = request.header("host").unwrap_or("none");
            let mut reply =
                format!("HTTP/1.1 200 OK\r\nx-host: {host}\r\ntransfer-encoding: chunked\r\n\r\n");
            if request.method() != "HEAD" {
                reply += &format!("{:x}\r\n{}\r\n0\r\n\r\n", BODY.len(), String::from_utf8_lossy(BODY));
            }
            client.write_all(reply.as_bytes()).unwrap();
        }
    });
    (address, count)
}

/// Everything that comes back for one request of `method` for `target`.
fn ask(proxy: &Proxy, method: &str, target: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(proxy.address())?;
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    write!(stream, "{method} {target} HTTP/1.1\r\nHost: signed:1\r\ncontent-length: 2\r\n\r\nhi")?;
    let mut all = Vec::new();
    loop {
        let mut some = [0; 4096];
        match stream.read(&mut some)? {
            0 => return Ok(all),
            read => all.extend(&some[..read]),
        }
        // The head says how long the body is; nothing comes after it.
        if let Ok(reply) = Message::response(&mut BufReader::new(&all[..]), method)
            && reply.status() > 0
        {
            return Ok(all);
        }
    }
}

fn reply(proxy: &Proxy, method: &str, target: &str) -> Message {
    let all = ask(proxy, method, target).unwrap();
    Message::response(&mut BufReader::new(&all[..]), method).unwrap()
}

#[test]
fn what_no_rule_means_passes_with_the_host_that_was_signed() {
    let (address, count) = server();
    let proxy = Proxy::start(&address, Plan::none());
    let reply = reply(&proxy, "PUT", "/a");
    assert_eq!((reply.status(), reply.body(), reply.header("x-host")), (200, BODY, Some("signed:1")));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(proxy.told(), "   1   PUT /a -> 200\n");
    assert_eq!(proxy.faults(), 0);
}

#[test]
fn rules_choose_by_method_target_header_and_number() {
    let (address, _) = server();
    let busy = Fault::Status { code: 503, retry_after: Some(7) };
    let plan = Plan::none()
        .and(Rule::new(busy).method("GET").target("/b").nth(2))
        .and(Rule::new(Fault::Status { code: 429, retry_after: None }).header("x-none"))
        .and(Rule::new(Fault::Status { code: 500, retry_after: None }).target("/every").every(3))
        .and(Rule::new(Fault::Status { code: 502, retry_after: None }).target("/first").first(2))
        .and(Rule::new(Fault::Status { code: 504, retry_after: None }).target("/from").from(2));
    let proxy = Proxy::start(&address, plan);
    let status = |method, target| reply(&proxy, method, target).status();
    assert_eq!(["GET", "PUT", "GET", "GET"].map(|method| status(method, "/b?c")), [200, 200, 503, 200]);
    assert_eq!(["/every"; 6].map(|target| status("GET", target)), [200, 200, 500, 200, 200, 500]);
    assert_eq!(["/first"; 3].map(|target| status("GET", target)), [502, 502, 200]);
    assert_eq!(["/from"; 3].map(|target| status("GET", target)), [200, 504, 504]);
    assert_eq!(proxy.faults(), 7);
    proxy.plan(Rule::new(busy));
    assert_eq!(reply(&proxy, "GET", "/a").header("retry-after"), Some("7"));
}

#[test]
fn a_share_depends_on_the_seed_alone() {
    let (address, _) = server();
    let drawn = |seed| {
        let rule = Rule::new(Fault::Status { code: 500, retry_after: None }).share(0.25, seed);
        let proxy = Proxy::start(&address, rule);
        let statuses: Vec<u16> = (0..80).map(|_| reply(&proxy, "GET", "/").status()).collect();
        let failed = statuses.iter().filter(|status| **status == 500).count();
        assert!((10..=30).contains(&failed), "{failed} of 80");
        statuses
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn a_request_that_is_hung_up_on_never_comes_and_one_whose_reply_is_lost_does() {
    let (address, count) = server();
    for (fault, came) in [(Fault::HangUp as fn(End) -> Fault, 0), (Fault::LoseReply, 1)] {
        for end in [End::Close, End::Reset] {
            count.store(0, Ordering::SeqCst);
            let proxy = Proxy::start(&address, Rule::new(fault(end)));
            match (ask(&proxy, "PUT", "/a"), end) {
                (Ok(nothing), End::Close) => assert_eq!(nothing, b""),
                (Err(error), End::Reset) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                }
                (other, _) => panic!("{other:?}"),
            }
            assert_eq!(count.load(Ordering::SeqCst), came);
        }
    }
}

#[test]
fn a_body_is_cut_off_changed_or_slow() {
    let (address, _) = server();
    let proxy = Proxy::start(&address, Rule::new(Fault::Truncate));
    let cut = ask(&proxy, "GET", "/").unwrap();
    assert!(cut.ends_with(&BODY[..8]), "{}", String::from_utf8_lossy(&cut));
    let cut = ask(&proxy, "HEAD", "/").unwrap();
    assert!(!cut.is_empty() && !cut.ends_with(b"\r\n\r\n"), "{}", String::from_utf8_lossy(&cut));

    proxy.plan(Rule::new(Fault::Corrupt(0.5)));
    let changed = reply(&proxy, "GET", "/");
    let differing: Vec<usize> = (0..BODY.len()).filter(|at| changed.body()[*at] != BODY[*at]).collect();
    assert_eq!(differing, [8]);
    assert_eq!(proxy.told(), "   1 ! GET / -> 200, byte 8 of 16 changed\n");

    proxy.plan(Rule::new(Fault::Slow(Duration::from_millis(320))));
    let since = Instant::now();
    assert_eq!(reply(&proxy, "GET", "/").body(), BODY);
    assert!(since.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_client_that_is_stalled_hears_nothing() {
    let (address, count) = server();
    let proxy = Proxy::start(&address, Rule::new(Fault::Stall));
    let error = ask(&proxy, "GET", "/").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn frozen_nothing_moves_until_there_is_another_plan() {
    let (address, count) = server();
    for applied in [false, true] {
        count.store(0, Ordering::SeqCst);
        let proxy = Proxy::start(&address, Rule::new(Fault::Freeze { applied }).nth(2));
        assert_eq!(reply(&proxy, "GET", "/").status(), 200);
        assert!(!proxy.wait_frozen(Duration::ZERO));
        for _ in 0..2 {
            assert!(ask(&proxy, "PUT", "/").is_err());
        }
        assert!(proxy.wait_frozen(Duration::from_secs(5)));
        assert_eq!(count.load(Ordering::SeqCst), 1 + usize::from(applied));
        proxy.plan(Plan::none());
        assert_eq!(reply(&proxy, "GET", "/").status(), 200);
        assert_eq!(count.load(Ordering::SeqCst), 2 + usize::from(applied));
    }
}

#[test]
fn without_a_server_the_connection_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let proxy = Proxy::start(&address, Plan::none());
    assert_eq!(ask(&proxy, "GET", "/").unwrap(), b"");
    assert!(proxy.told().contains("refused"), "{}", proxy.told());
}
