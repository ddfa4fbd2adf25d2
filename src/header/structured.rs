//! Structured fields (RFC 8941, 4.2, with the types of RFC 9651): dictionaries, items and inner lists.

use super::part::{ANY, Part, WORD};

/// Why there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fail {
    /// It breaks the grammar: browsers take the field as if it were not there.
    Wrong,
    /// What a variable holds decides it.
    Unsure,
}

/// A value without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A token.
    Token(Part<'a>),
    /// What stands between the quotes, escapes as they are.
    Text(Part<'a>),
    /// Any other type; all of it.
    Other(Part<'a>),
}

/// A member of a dictionary.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its key.
    pub key: Part<'a>,
    /// Its items: one, those of an inner list, or none for a key alone, which is "true".
    pub items: Vec<Item<'a>>,
    /// All of it.
    pub whole: Part<'a>,
}

/// A dictionary, the members as they are written: of two with one key the last counts.
///
/// # Errors
/// [`Fail`] says why there is none.
pub fn dictionary(value: Part<'_>) -> Result<Vec<Member<'_>>, Fail> {
    let mut reader = Reader { part: value.trim(), at: 0 };
    let mut members = Vec::new();
    while reader.peek().is_some() {
        let start = reader.at;
        let key = reader.key()?;
        let mut items = Vec::new();
        if reader.eat('=') {
            if reader.peek() == Some('(') {
                items = reader.inner_list()?;
            } else {
                items.push(reader.bare()?);
            }
        }
        reader.parameters()?;
        members.push(Member { key, items, whole: reader.part.slice(start..reader.at) });
        reader.space(&[' ', '\t']);
        if reader.peek().is_none() {
            break;
        }
        reader.expect(',')?;
        reader.space(&[' ', '\t']);
        if reader.peek().is_none() {
            return Err(Fail::Wrong);
        }
    }
    Ok(members)
}

/// One item, its parameters left out.
///
/// # Errors
/// [`Fail`] says why there is none.
pub fn item(value: Part<'_>) -> Result<Item<'_>, Fail> {
    let mut reader = Reader { part: value.trim(), at: 0 };
    let item = reader.bare()?;
    reader.parameters()?;
    match reader.peek() {
        None => Ok(item),
        Some(letter) => Err(fail(letter)),
    }
}

struct Reader<'a> {
    part: Part<'a>,
    at: usize,
}

/// What a letter that does not fit means.
fn fail(letter: char) -> Fail {
    if matches!(letter, WORD | ANY) { Fail::Unsure } else { Fail::Wrong }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.part.text.get(self.at..)?.chars().next()
    }

    fn eat(&mut self, letter: char) -> bool {
        let there = self.peek() == Some(letter);
        self.at += if there { letter.len_utf8() } else { 0 };
        there
    }

    fn expect(&mut self, letter: char) -> Result<(), Fail> {
        if self.eat(letter) { Ok(()) } else { Err(self.peek().map_or(Fail::Wrong, fail)) }
    }

    fn space(&mut self, letters: &[char]) -> usize {
        self.run(|letter| letters.contains(&letter)).text.len()
    }

    fn run(&mut self, fits: impl Fn(char) -> bool) -> Part<'a> {
        let start = self.at;
        while let Some(letter) = self.peek().filter(|letter| fits(*letter)) {
            self.at += letter.len_utf8();
        }
        self.part.slice(start..self.at)
    }

    /// A run of letters that a variable must not go on with.
    fn sure_run(&mut self, fits: impl Fn(char) -> bool) -> Result<Part<'a>, Fail> {
        let run = self.run(fits);
        if self.peek().is_some_and(|letter| matches!(letter, WORD | ANY)) { Err(Fail::Unsure) } else { Ok(run) }
    }

    fn key(&mut self) -> Result<Part<'a>, Fail> {
        match self.peek() {
            Some(first) if first.is_ascii_lowercase() || first == '*' => {}
            other => return Err(other.map_or(Fail::Wrong, fail)),
        }
        self.sure_run(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-.*".contains(letter))
    }

    fn inner_list(&mut self) -> Result<Vec<Item<'a>>, Fail> {
        self.expect('(')?;
        let mut items = Vec::new();
        loop {
            self.space(&[' ']);
            if self.eat(')') {
                return Ok(items);
            }
            items.push(self.bare()?);
            self.parameters()?;
            match self.peek() {
                Some(' ' | ')') => {}
                other => return Err(other.map_or(Fail::Wrong, fail)),
            }
        }
    }

    fn parameters(&mut self) -> Result<(), Fail> {
        while self.eat(';') {
            self.space(&[' ']);
            self.key()?;
            if self.eat('=') {
                self.bare()?;
            }
        }
        if self.peek() == Some(ANY) { Err(Fail::Unsure) } else { Ok(()) }
    }

    fn bare(&mut self) -> Result<Item<'a>, Fail> {
        let start = self.at;
        let first = self.peek().ok_or(Fail::Wrong)?;
        match first {
            '"' => return self.string().map(Item::Text),
            '*' | 'a'..='z' | 'A'..='Z' => {
                let fits = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(letter);
                return self.sure_run(fits).map(Item::Token);
            }
            '-' | '0'..='9' => self.number()?,
            '?' => {
                self.at += 1;
                let bit = self.sure_run(|letter| letter.is_ascii_digit())?;
                if !matches!(bit.text, "0" | "1") {
                    return Err(Fail::Wrong);
                }
            }
            ':' => {
                self.at += 1;
                self.sure_run(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(letter))?;
                self.expect(':')?;
            }
            '@' => {
                self.at += 1;
                self.number()?;
            }
            '%' => {
                self.at += 1;
                self.string()?;
            }
            other => return Err(fail(other)),
        }
        Ok(Item::Other(self.part.slice(start..self.at)))
    }

    /// An integer of up to 15 digits, or a decimal of up to 12 and 3.
    fn number(&mut self) -> Result<(), Fail> {
        self.eat('-');
        let whole = self.sure_run(|letter| letter.is_ascii_digit())?.text.len();
        let decimals =
            if self.eat('.') { Some(self.sure_run(|letter| letter.is_ascii_digit())?.text.len()) } else { None };
        let fits = match decimals {
            None => (1..=15).contains(&whole),
            Some(decimals) => (1..=12).contains(&whole) && (1..=3).contains(&decimals),
        };
        if fits { Ok(()) } else { Err(Fail::Wrong) }
    }

    fn string(&mut self) -> Result<Part<'a>, Fail> {
        self.expect('"')?;
        let start = self.at;
        loop {
            match self.peek().ok_or(Fail::Wrong)? {
                '"' => {
                    let inside = self.part.slice(start..self.at);
                    self.at += 1;
                    return Ok(inside);
                }
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('"' | '\\') => self.at += 1,
                        other => return Err(other.map_or(Fail::Wrong, fail)),
                    }
                }
                ANY => return Err(Fail::Unsure),
                ' '..='~' | WORD => self.at += 1,
                _ => return Err(Fail::Wrong),
            }
        }
    }
}
