//! HTML under way. What is not known when hardline is built gets in only as text.

use std::fmt::Write as _;

use crate::mask::one_line;

/// A piece of a page. Its methods can be chained.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Markup(String);

impl Markup {
    /// Tags, and text of our own.
    pub(crate) fn tag(&mut self, markup: &'static str) -> &mut Markup {
        self.0.push_str(markup);
        self
    }

    /// A text on one line, between tags or in the quotes of an attribute.
    pub(crate) fn text(&mut self, text: &str) -> &mut Markup {
        self.escape(&one_line(&text.replace(['\n', '\r', '\t'], " ")))
    }

    /// A line of a file, whose white space stays.
    pub(crate) fn code(&mut self, line: &str) -> &mut Markup {
        let keep_tabs = |part: &str| one_line(part);
        self.escape(&line.split('\t').map(keep_tabs).collect::<Vec<_>>().join("\t"))
    }

    /// A text for people: what is between backticks becomes code.
    pub(crate) fn words(&mut self, text: &str) -> &mut Markup {
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.text(text);
        }
        for (index, part) in parts.iter().enumerate() {
            if index % 2 == 0 || part.is_empty() {
                self.text(part);
            } else {
                self.tag("<code>").text(part).tag("</code>");
            }
        }
        self
    }

    /// Paragraphs for people, with empty lines between them.
    pub(crate) fn paragraphs(&mut self, text: &str) -> &mut Markup {
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            self.tag("<p>").words(paragraph.trim()).tag("</p>");
        }
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, number: usize) -> &mut Markup {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{number}");
        self
    }

    /// A number with the word for what is counted.
    pub(crate) fn many(&mut self, number: usize, one: &'static str, more: &'static str) -> &mut Markup {
        self.number(number).tag(" ").tag(if number == 1 { one } else { more })
    }

    /// Another piece.
    pub(crate) fn add(&mut self, other: &Markup) -> &mut Markup {
        self.0.push_str(&other.0);
        self
    }

    /// Whether nothing was added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The page.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn escape(&mut self, text: &str) -> &mut Markup {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(letter),
            }
        }
        self
    }
}
