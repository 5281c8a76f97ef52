//! A model hub on this machine: serves files over HTTP as it is told, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// What the hub has and how it behaves.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Contents by path, which begins with a slash.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The tag of every file, quoted; none is sent if it is empty.
    pub etag: String,
    /// 200, or what every request is answered with.
    pub status: u16,
    /// Each answer takes one: so many bytes of it are sent, then the connection is cut.
    pub cuts: VecDeque<usize>,
    /// Whether ranges are understood.
    pub knows_ranges: bool,
    /// Whether files are given only below `/elsewhere`, to which every other address leads.
    pub is_elsewhere: bool,
    /// After half of a file, wait until this is false.
    pub is_held: bool,
}

impl Default for Shop {
    fn default() -> Self {
        let etag = "\"first\"".to_owned();
        Self { files: BTreeMap::new(), etag, status: 200, cuts: VecDeque::new(), knows_ranges: true, is_elsewhere: false, is_held: false }
    }
}

/// A request as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
}

/// The hub; it closes when it is dropped.
pub struct Hub {
    address: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    shop: Mutex<Shop>,
    changed: Condvar,
    asked: Mutex<Vec<Asked>>,
    is_closing: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no other part of the test has panicked")
}

impl Hub {
    /// Opens a hub on a free port.
    pub fn open(shop: Shop) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { shop: Mutex::new(shop), ..Shared::default() });
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if served.is_closing.load(Ordering::SeqCst) {
                    break;
                }
                let served = Arc::clone(&served);
                std::thread::spawn(move || {
                    // Whoever asked may have gone away.
                    let _ = answer(stream, &served);
                });
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Changes what it has or does.
    pub fn change(&self, change: impl FnOnce(&mut Shop)) {
        change(&mut lock(&self.shared.shop));
        self.shared.changed.notify_all();
    }

    /// How often it was asked since the last time that [`Hub::asked`] told.
    pub fn asked_count(&self) -> usize {
        lock(&self.shared.asked).len()
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.shared.asked))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::SeqCst);
        self.change(|shop| shop.is_held = false);
        // Somebody must knock for the door to be closed.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut asked = Asked::default();
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        if let Some(rest) = line.strip_prefix("GET ") {
            asked.path = rest.split(' ').next().unwrap_or_default().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "range" => asked.range = Some(value.trim().to_owned()),
                "if-range" => asked.if_range = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        line.clear();
    }
    lock(&shared.asked).push(asked.clone());
    let (shop, cut) = {
        let mut shop = lock(&shared.shop);
        let is_sent_on = shop.is_elsewhere && !asked.path.starts_with("/elsewhere");
        let cut = if is_sent_on { None } else { shop.cuts.pop_front() };
        (shop.clone(), cut)
    };
    let mut stream = stream;
    let place = asked.path.strip_prefix("/elsewhere");
    if shop.is_elsewhere && place.is_none() {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /elsewhere{}\r\nETag: \"linked\"\r\n", asked.path);
        return write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let file = shop.files.get(place.unwrap_or(&asked.path)).filter(|_| shop.status == 200);
    let Some(file) = file else {
        let status = if shop.status == 200 { 404 } else { shop.status };
        let page = "<!doctype html><title>No</title>";
        return write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len());
    };
    let start = asked.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let is_same = asked.if_range.as_ref().is_none_or(|etag| *etag == shop.etag);
    let start = start.filter(|_| shop.knows_ranges && is_same);
    let etag = if shop.etag.is_empty() { String::new() } else { format!("ETag: {}\r\n", shop.etag) };
    if start.is_some_and(|start| start >= file.len()) {
        return write!(
            stream,
            "HTTP/1.1 416 No\r\nContent-Range: bytes */{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            file.len()
        );
    }
    let body = &file[start.unwrap_or(0)..];
    match start {
        Some(start) => write!(
            stream,
            "HTTP/1.1 206 Partial\r\nContent-Range: bytes {start}-{}/{}\r\n{etag}Content-Length: {}\r\nConnection: close\r\n\r\n",
            file.len() - 1,
            file.len(),
            body.len()
        )?,
        None => write!(stream, "HTTP/1.1 200 OK\r\n{etag}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?,
    }
    let body = &body[..cut.unwrap_or(body.len()).min(body.len())];
    let (first, rest) = body.split_at(body.len() / 2);
    stream.write_all(first)?;
    stream.flush()?;
    let mut held = lock(&shared.shop);
    while held.is_held {
        held = shared.changed.wait(held).expect("no other part of the test has panicked");
    }
    drop(held);
    stream.write_all(rest)
}
