//! Replies, and how much of what arrives is one.
//!
//! The redis crate parses a reply that is whole. Whether one is, and whether it may be parsed at all, is told here from
//! the lengths in it: a server may be hostile, and a parser that believes a length of two thousand million reserves it.

use redis::Value;

/// How deep replies may nest. The server's own go to about six.
const DEEPEST: usize = 16;

/// How many values one reply may have: a bound on memory, ten times what the longest list of a real server has.
const MOST_VALUES: usize = 2_000_000;

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
            Value::Double(number) => Reply::Bytes(number.to_string().into_bytes()),
            Value::Boolean(yes) => Reply::Int(i64::from(yes)),
            Value::VerbatimString { text, .. } => Reply::Bytes(text.into_bytes()),
            Value::Push { data, .. } => list(data),
            Value::ServerError(error) => {
                let text = error.details().unwrap_or_default().to_owned();
                Reply::Error { code: error.code().to_owned(), text }
            }
            other => Reply::Bytes(format!("{other:?}").into_bytes()),
        }
    }
}

/// How much of the start of these bytes is one reply: `None` where more has to come.
///
/// # Errors
/// Why it is none, in words.
pub fn whole(bytes: &[u8]) -> Result<Option<usize>, String> {
    let mut reader = Frame { bytes, at: 0, values: 0 };
    Ok(reader.value(0)?.then_some(reader.at))
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

struct Frame<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl Frame<'_> {
    /// Passes one value over; false where more has to come.
    fn value(&mut self, depth: usize) -> Result<bool, String> {
        self.values += 1;
        if depth > DEEPEST {
            return Err(format!("it answers with lists that are nested more than {DEEPEST} deep"));
        }
        if self.values > MOST_VALUES {
            return Err(format!("it answers with more than {MOST_VALUES} values"));
        }
        let Some(&kind) = self.bytes.get(self.at) else { return Ok(false) };
        let number_of_values = match kind {
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => return Ok(self.line()?.is_some()),
            b'$' | b'=' | b'!' => return self.bulk(),
            b'*' | b'~' | b'>' => 1,
            b'%' => 2,
            _ => return Err("it answers with something that is no reply: is this a Redis?".to_owned()),
        };
        let Some(count) = self.number()? else { return Ok(false) };
        let Ok(count) = usize::try_from(count) else { return Ok(true) };
        if count > MOST_VALUES {
            return Err(format!("it announces {count} values"));
        }
        for _ in 0..count * number_of_values {
            if !self.value(depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn bulk(&mut self) -> Result<bool, String> {
        let Some(length) = self.number()? else { return Ok(false) };
        let Ok(length) = usize::try_from(length) else { return Ok(true) };
        if length > LONGEST_TEXT {
            return Err(format!("it announces a text of {length} bytes"));
        }
        self.at += length + 2;
        Ok(self.at <= self.bytes.len())
    }

    fn number(&mut self) -> Result<Option<i64>, String> {
        let Some(line) = self.line()? else { return Ok(None) };
        let text = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
        text.map(Some).ok_or_else(|| "it answers with a length that is no number".to_owned())
    }

    /// The rest of the line after the first byte.
    fn line(&mut self) -> Result<Option<&[u8]>, String> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let Some(end) = memchr::memmem::find(rest, b"\r\n") else {
            return match rest.len() > LONGEST_LINE {
                true => Err("it answers with a line that does not end".to_owned()),
                false => Ok(None),
            };
        };
        self.at += 1 + end + 2;
        Ok(rest.get(..end))
    }
}
