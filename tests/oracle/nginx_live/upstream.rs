//! What stands behind nginx: a server of this process that answers as it is told and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, beside those that every answer has.
    pub headers: Vec<(String, String)>,
}

/// What it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The target as it came.
    pub target: String,
    /// The headers as they came.
    pub headers: Vec<(String, String)>,
}

#[derive(Debug)]
struct State {
    reply: Reply,
    received: Vec<Received>,
    stopped: bool,
}

/// The server. It ends when this is dropped.
#[derive(Debug)]
pub struct Upstream {
    port: u16,
    state: Arc<Mutex<State>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Upstream {
    /// Listens on a free port of loopback.
    pub fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the upstream");
        let port = listener.local_addr().expect("its address").port();
        let reply = Reply { status: 200, headers: Vec::new() };
        let state = Arc::new(Mutex::new(State { reply, received: Vec::new(), stopped: false }));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.lock().expect("the state").stopped {
                    return;
                }
                // A client that goes away in the middle is nginx's matter.
                let _ = serve(&stream, &shared);
            }
        });
        Upstream { port, state, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers like this from now on, and forgets what it was asked.
    pub fn expect(&self, reply: &Reply) {
        let mut state = self.state.lock().expect("the state");
        state.reply = reply.clone();
        state.received.clear();
    }

    /// What it was asked since.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().expect("the state").received.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.state.lock().expect("the state").stopped = true;
        let woken = TcpStream::connect(("127.0.0.1", self.port));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let headers = headers(&mut reader)?;
    let length = value(&headers, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let reply = {
        let mut state = state.lock().expect("the state");
        state.received.push(Received { method: method.clone(), target, headers });
        state.reply.clone()
    };
    // nginx promises a body that it has thrown away when it goes on after a 413, so what does not come is not needed.
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let _ = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink());
    let bare = method == "HEAD" || matches!(reply.status, 204 | 304);
    let mut answer = format!("HTTP/1.1 {} Told\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str(if bare { "\r\n" } else { "Content-Type: text/html\r\nContent-Length: 4\r\n\r\nbody" });
    let mut stream = stream;
    stream.write_all(answer.as_bytes())
}

/// Reads headers up to the empty line.
pub fn headers(reader: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
        if text.is_empty() {
            return Ok(headers);
        }
        // A line that starts with a blank goes on with the one before.
        if let (true, Some((_, last))) = (text.starts_with([' ', '\t']), headers.last_mut()) {
            last.push('\n');
            last.push_str(&text);
            continue;
        }
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// The value of the first header of this name, in small letters.
pub fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
