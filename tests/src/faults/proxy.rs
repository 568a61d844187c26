//! The proxy itself: threads that pass messages on, or do not.

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::message::Message;
use super::plan::{End, Fault, Plan};

/// Pieces that a slow body comes in.
const PIECES: usize = 16;

/// A proxy before one server; it stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A request that came, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// GET, PUT, ….
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Whether the plan let it fail.
    pub faulty: bool,
    /// What the client was told, or why it was not.
    pub outcome: String,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.faulty { '!' } else { ' ' };
        write!(f, "{mark} {} {} -> {}", self.method, self.target, self.outcome)
    }
}

struct Shared {
    upstream: String,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    plan: Plan,
    seen: Vec<Seen>,
    /// Counts the plans; a request that is held goes when there is another.
    epoch: u64,
    frozen: bool,
    /// Requests that the store may have been told of and has not answered.
    busy: usize,
    stopped: bool,
}

/// What the client gets.
enum Act {
    Send(Message),
    SendSlowly(Message, Duration),
    SendHalf(Message),
    Wait,
    Finish(End),
}

impl Proxy {
    /// Listens on a free port of this machine, and passes on to `upstream`, a host and port.
    pub fn start(upstream: &str, plan: impl Into<Plan>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
        let address = listener.local_addr().expect("a socket that listens has an address");
        let state =
            State { plan: plan.into(), seen: Vec::new(), epoch: 0, frozen: false, busy: 0, stopped: false };
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.state().stopped {
                    return;
                }
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { address, shared }
    }

    /// Host and port that it listens on.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Host and port of the server behind it.
    pub fn upstream(&self) -> &str {
        &self.shared.upstream
    }

    /// From now on follows `plan`, and forgets what it has seen. What is held is dropped.
    pub fn plan(&self, plan: impl Into<Plan>) {
        let mut state = self.shared.state();
        state.plan = plan.into();
        state.seen.clear();
        state.epoch += 1;
        state.frozen = false;
        self.shared.changed.notify_all();
    }

    /// Waits at most `patience` until it is frozen and the store has answered all it was told.
    pub fn wait_frozen(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.shared.state();
        loop {
            if state.frozen && state.busy == 0 {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.shared.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The requests since the plan began, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state().seen.clone()
    }

    /// How many of them the plan let fail.
    pub fn faults(&self) -> usize {
        self.shared.state().seen.iter().filter(|seen| seen.faulty).count()
    }

    /// All of them, a line each, with their number from 1.
    pub fn told(&self) -> String {
        let seen = self.seen();
        let lines: Vec<String> =
            seen.iter().enumerate().map(|(n, seen)| format!("{:>4} {seen}\n", n + 1)).collect();
        lines.concat()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        self.shared.changed.notify_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream) {
        let _ = client.set_nodelay(true);
        let Ok(requests) = client.try_clone() else { return };
        let mut requests = BufReader::new(requests);
        while let Ok(Some(request)) = Message::request(&mut requests) {
            let Some((number, fault)) = self.admit(&request) else { return };
            let (act, outcome) = self.decide(&request, fault).unwrap_or_else(|error| {
                (Act::Finish(End::Close), format!("the server cannot be reached: {error}"))
            });
            self.note(number, outcome);
            if let Some(Fault::Freeze { .. }) = fault {
                self.hold(self.state(), number.0);
                return;
            }
            // A client that is gone wants no answer.
            if !act.perform(&mut client).unwrap_or(false) {
                return;
            }
        }
    }

    /// Counts a request and asks the plan. None if it is held until there is nobody to answer.
    fn admit(&self, request: &Message) -> Option<((u64, usize), Option<Fault>)> {
        let mut state = self.state();
        let held = state.frozen;
        let fault = if held { None } else { state.plan.fault(request) };
        let number = (state.epoch, state.seen.len());
        state.seen.push(Seen {
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            faulty: fault.is_some(),
            outcome: "not answered".to_owned(),
        });
        if let Some(Fault::Freeze { .. }) = fault {
            state.frozen = true;
            self.changed.notify_all();
        }
        if held || fault == Some(Fault::Freeze { applied: false }) {
            self.hold(state, number.0);
            return None;
        }
        state.busy += 1;
        Some((number, fault))
    }

    /// Waits until there is another plan than that of `epoch`.
    fn hold(&self, mut state: MutexGuard<'_, State>, epoch: u64) {
        while state.epoch == epoch && !state.stopped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn note(&self, (epoch, index): (u64, usize), outcome: String) {
        let mut state = self.state();
        state.busy -= 1;
        if state.epoch == epoch {
            state.seen[index].outcome = outcome;
        }
        self.changed.notify_all();
    }

    /// What the client gets for `request`, and that in words. Asks the store, unless `fault` forbids it.
    fn decide(&self, request: &Message, fault: Option<Fault>) -> io::Result<(Act, String)> {
        match fault {
            Some(Fault::Status { code, retry_after }) => {
                return Ok((Act::Send(Message::answer(code, retry_after)), code.to_string()));
            }
            Some(Fault::HangUp(end)) => return Ok((Act::Finish(end), format!("hung up: {end:?}"))),
            Some(Fault::Stall) => return Ok((Act::Wait, "stalled".to_owned())),
            _ => {}
        }
        let mut reply = exchange(&self.upstream, request)?;
        let status = reply.status();
        Ok(match fault {
            Some(Fault::Freeze { .. }) => (Act::Finish(End::Close), format!("{status}, never told")),
            Some(Fault::LoseReply(end)) => (Act::Finish(end), format!("{status}, lost: {end:?}")),
            Some(Fault::Slow(time)) => (Act::SendSlowly(reply, time), format!("{status}, slowly")),
            Some(Fault::Truncate) => (Act::SendHalf(reply), format!("{status}, cut off")),
            Some(Fault::Corrupt(share)) => {
                let damage = corrupt(reply.body_mut(), share);
                (Act::Send(reply), format!("{status}, {damage}"))
            }
            _ => (Act::Send(reply), status.to_string()),
        })
    }
}

impl Act {
    /// Whether the connection goes on after it.
    fn perform(self, client: &mut TcpStream) -> io::Result<bool> {
        match self {
            Self::Send(reply) => client.write_all(&[&reply.head(true), reply.body()].concat())?,
            Self::SendSlowly(reply, time) => send_slowly(client, &reply, time)?,
            Self::SendHalf(reply) => {
                send_half(client, &reply)?;
                return Ok(false);
            }
            Self::Wait => {
                // Ends when the client does.
                let _ = client.read(&mut [0]);
                return Ok(false);
            }
            Self::Finish(end) => {
                if end == End::Reset {
                    SockRef::from(&*client).set_linger(Some(Duration::ZERO))?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What `server` answers to `request`, over a connection of its own.
fn exchange(server: &str, request: &Message) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.write_all(&[&request.head(false), request.body()].concat())?;
    Message::response(&mut BufReader::new(stream), request.method())
}

fn send_slowly(client: &mut TcpStream, reply: &Message, time: Duration) -> io::Result<()> {
    let body = reply.body();
    client.write_all(&reply.head(true))?;
    for piece in body.chunks(body.len().div_ceil(PIECES).max(1)) {
        thread::sleep(time / PIECES as u32);
        client.write_all(piece)?;
    }
    Ok(())
}

fn send_half(client: &mut TcpStream, reply: &Message) -> io::Result<()> {
    let (head, body) = (reply.head(true), reply.body());
    if body.is_empty() {
        client.write_all(&head[..head.len() / 2])
    } else {
        client.write_all(&[&head, &body[..body.len() / 2]].concat())
    }
}

/// Changes one byte, at this share of the length. Says which.
fn corrupt(body: &mut [u8], share: f64) -> String {
    let at = ((body.len() as f64 * share) as usize).min(body.len().saturating_sub(1));
    match body.get_mut(at) {
        Some(byte) => {
            *byte ^= 0x5a;
            format!("byte {at} of {} changed", body.len())
        }
        None => "no byte to change".to_owned(),
    }
}
