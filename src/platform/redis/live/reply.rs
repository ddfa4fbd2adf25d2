//! Replies, and how much of what arrives is one.
//!
//! The redis crate parses a reply that is whole. Whether one is, and whether it may be parsed at all, is told here from
//! the lengths in it: a server may be hostile, and a parser that believes a length of two thousand million reserves it.

use redis::Value;

/// How deep replies may nest. The server's own go to about six.
const DEEPEST: usize = 16;

/// How many values one reply may have: a bound on memory, ten times what the longest list of a real server has.
const MOST_VALUES: usize = 2_000_000;

/// What a value takes beside its text, before and after it is ours. An empty one is three bytes on the wire.
pub const WEIGHT: usize = size_of::<Value>() + size_of::<Reply>();

/// The longest line that holds no text of its own, such as a length.
const LONGEST_LINE: usize = 64 * 1024;

/// The longest text, in bytes: what is kept of all answers together.
const LONGEST_TEXT: usize = 64 * 1024 * 1024;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing (nil).
    Nil,
    /// A number.
    Int(i64),
    /// Bytes: a status, a bulk string, or what prints as one.
    Bytes(Vec<u8>),
    /// Values in order; of a map each key and then its value.
    List(Vec<Reply>),
    /// An error: its code, such as `NOPERM`, and the rest.
    Error {
        /// The first word, or `ERR`.
        code: String,
        /// What follows.
        text: String,
    },
}

impl Reply {
    /// The bytes, where there are any.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Reply::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text, where there is any; what is no UTF-8 is replaced.
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The values of a list.
    pub fn list(&self) -> Option<&[Reply]> {
        match self {
            Reply::List(items) => Some(items),
            _ => None,
        }
    }

    /// The number, whether it came as one or as text.
    pub fn int(&self) -> Option<i64> {
        match self {
            Reply::Int(number) => Some(*number),
            _ => self.text()?.parse().ok(),
        }
    }

    /// The value under a key of a map, or of a list in which keys and values alternate.
    pub fn field(&self, name: &str) -> Option<&Reply> {
        self.pairs()?.into_iter().find(|(key, _)| key.bytes() == Some(name.as_bytes())).map(|(_, value)| value)
    }

    /// The pairs of a map, or of a list in which keys and values alternate.
    pub fn pairs(&self) -> Option<Vec<(&Reply, &Reply)>> {
        let items = self.list()?;
        (items.len() % 2 == 0).then(|| items.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect())
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Reply {
        let list = |items: Vec<Value>| Reply::List(items.into_iter().map(Reply::from).collect());
        match value {
            Value::Nil => Reply::Nil,
            Value::Int(number) => Reply::Int(number),
            Value::BulkString(bytes) => Reply::Bytes(bytes),
            Value::SimpleString(text) => Reply::Bytes(text.into_bytes()),
            Value::Okay => Reply::Bytes(b"OK".to_vec()),
            Value::Array(items) | Value::Set(items) => list(items),
            Value::Map(pairs) => list(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()),
            Value::Attribute { data, .. } => Reply::from(*data),
            // Without an exponent it might be three hundred digits.
            Value::Double(number) => Reply::Bytes(format!("{number:?}").into_bytes()),
            Value::BigNumber(digits) => Reply::Bytes(digits),
            Value::Boolean(yes) => Reply::Int(i64::from(yes)),
            Value::VerbatimString { text, .. } => Reply::Bytes(text.into_bytes()),
            Value::Push { data, .. } => list(data),
            Value::ServerError(error) => {
                let text = error.details().unwrap_or_default().to_owned();
                Reply::Error { code: error.code().to_owned(), text }
            }
            // What a later version of the crate may tell apart.
            _ => Reply::Nil,
        }
    }
}

/// Finds where a reply ends. It goes on where it stopped when more has come, however small the pieces are.
#[derive(Debug)]
pub struct Scan {
    /// Where the next value begins, or what is to come of a text ends.
    at: usize,
    /// How many values there are so far.
    values: usize,
    /// How many values are to come in each list that has begun, the outermost first.
    open: Vec<usize>,
}

impl Default for Scan {
    fn default() -> Scan {
        Scan { at: 0, values: 0, open: vec![1] }
    }
}

impl Scan {
    /// How many values there are so far.
    pub fn values(&self) -> usize {
        self.values
    }

    /// How much of the start of these bytes is one reply: `None` where more has to come. They are those of the last
    /// time, and what has come since.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, String> {
        while self.at <= bytes.len() {
            if self.open.is_empty() {
                return Ok(Some(self.at));
            }
            if !self.value(bytes)? {
                break;
            }
        }
        Ok(None)
    }

    /// Passes the head of one value over, and a text with it; false where more has to come.
    fn value(&mut self, bytes: &[u8]) -> Result<bool, String> {
        if self.open.len() > DEEPEST + 1 {
            return Err(format!("it answers with lists that are nested more than {DEEPEST} deep"));
        }
        if self.values >= MOST_VALUES {
            return Err(format!("it answers with more than {MOST_VALUES} values"));
        }
        let Some((kind, rest)) = bytes.get(self.at..).and_then(<[u8]>::split_first) else { return Ok(false) };
        let values_each = match kind {
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' | b'$' | b'=' | b'!' => 0,
            b'*' | b'~' | b'>' => 1,
            b'%' => 2,
            // The types of an alert and of a handshake.
            0x15 | 0x16 => return Err("it speaks TLS on this port: rediss://".to_owned()),
            _ => return Err("it answers with something that is no reply: is this a Redis?".to_owned()),
        };
        let Some(line) = line(rest)? else { return Ok(false) };
        self.at += 1 + line.len() + 2;
        let mut inside = 0;
        if values_each > 0 {
            // Less than none is nothing, as a list.
            let count = usize::try_from(number(line)?).unwrap_or_default();
            if count > MOST_VALUES {
                return Err(format!("it announces {count} values"));
            }
            inside = count * values_each;
        } else if matches!(kind, b'$' | b'=' | b'!')
            && let Ok(length) = usize::try_from(number(line)?)
        {
            if length > LONGEST_TEXT {
                return Err(format!("it announces a text of {length} bytes"));
            }
            self.at += length + 2;
        }
        self.passed(inside);
        Ok(true)
    }

    /// Counts a value that holds so many others.
    fn passed(&mut self, inside: usize) {
        self.values += 1;
        if let Some(left) = self.open.last_mut() {
            *left -= 1;
        }
        self.open.push(inside);
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
    }
}

/// The line at the start, where it has an end.
fn line(rest: &[u8]) -> Result<Option<&[u8]>, String> {
    let near = rest.get(..LONGEST_LINE).unwrap_or(rest);
    match memchr::memmem::find(near, b"\r\n") {
        Some(end) => Ok(rest.get(..end)),
        None if rest.len() > LONGEST_LINE => Err("it answers with a line that does not end".to_owned()),
        None => Ok(None),
    }
}

fn number(line: &[u8]) -> Result<i64, String> {
    let number = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| "it answers with a length that is no number".to_owned())
}

/// How much of the start of these bytes is one reply: `None` where more has to come.
///
/// # Errors
/// Why it is none, in words.
pub fn whole(bytes: &[u8]) -> Result<Option<usize>, String> {
    Scan::default().end(bytes)
}

/// Parses a reply that is whole.
///
/// # Errors
/// Why it is none, in words.
pub fn parse(bytes: &[u8]) -> Result<Reply, String> {
    redis::parse_redis_value(bytes)
        .map(Reply::from)
        .map_err(|_| "it answers with something that is no reply".to_owned())
}
