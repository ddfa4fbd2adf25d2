//! What a file of nginx's language says: directives with arguments and blocks, each with its place.
//!
//! A tree keeps what is wrong in it as items of their own, in reading order, so that a broken file still tells the rest
//! and the first thing that nginx stumbles over is the first of its mistakes.

use std::sync::Arc;

use crate::fact::{Unknown, Why};
use crate::text::{SourceId, Span};

/// A name or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What nginx makes of it: without its quotes, with its escapes resolved.
    pub text: Box<str>,
    /// Where it is, its quotes included.
    pub span: Span,
    /// Whether it began with a quote.
    pub quoted: bool,
    /// Whether a template fills in some of it before nginx sees it.
    pub templated: bool,
}

impl Word {
    /// Why it is not what it looks like, where a template fills in some of it.
    pub fn unfilled(&self) -> Option<Unknown> {
        self.templated.then(|| Unknown::new(Why::Templated, self.span, "the rendered file"))
    }
}

impl std::ops::Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// A directive with everything that is in it.
#[derive(Debug, Clone)]
pub struct Directive {
    /// Its name.
    pub name: Word,
    /// Its arguments.
    pub args: Vec<Word>,
    /// How it ends.
    pub body: Body,
    /// From its name up to its `;` or, for a block, its `{`.
    pub span: Span,
}

impl Directive {
    /// The text of the argument at `index`, or the empty text.
    pub fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("", |word| &word.text)
    }

    /// Whether a template fills in some of it.
    pub fn templated(&self) -> bool {
        self.name.templated || self.args.iter().any(|word| word.templated)
    }

    /// Why its arguments are not what they look like, where a template fills in some of them.
    pub fn unfilled(&self) -> Option<Unknown> {
        self.args.iter().find_map(Word::unfilled)
    }

    /// The block that it opens.
    pub fn block(&self) -> Option<&Block> {
        match &self.body {
            Body::Block(block) => Some(block),
            _ => None,
        }
    }

    /// From its first argument to its last, or its name where it has none.
    pub fn values(&self) -> Span {
        match (self.args.first(), self.args.last()) {
            (Some(first), Some(last)) => first.span.cover(last.span),
            _ => self.name.span,
        }
    }

    /// From its name to its last argument, without what ends it.
    pub fn text(&self) -> Span {
        self.name.span.cover(self.values())
    }
}

/// How a directive ends.
#[derive(Debug, Clone)]
pub enum Body {
    /// With `;`.
    Simple,
    /// With a block.
    Block(Block),
    /// With a block in another language (Lua), which is not read.
    Opaque(Span),
    /// It is an `include`, and these files stand in its place.
    Files(Vec<File>),
    /// It is an `include` that could not be followed.
    Unread(Unknown),
}

/// A block.
#[derive(Debug, Clone)]
pub struct Block {
    /// What it holds, in order.
    pub items: Vec<Item>,
    /// Its `{`.
    pub open: Span,
    /// Its `}`, or where the file ends without one.
    pub close: Span,
}

/// What a file or a block holds.
#[derive(Debug, Clone)]
pub enum Item {
    /// A directive.
    Directive(Directive),
    /// Something that nginx cannot read.
    Mistake(Mistake),
    /// A statement of a template language: what is beside it may be there or not, once, often or otherwise.
    Template(Span),
}

/// Something that nginx cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in one line.
    pub message: String,
    /// Where nginx notices.
    pub span: Span,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct File {
    /// Its bytes.
    pub source: SourceId,
    /// What it holds. A file that is included several times is read once.
    pub items: Arc<Vec<Item>>,
}

/// Every directive of some items in the order in which nginx reads them, files in place of their `include`.
///
/// What could not be read on the way is told to `missed`: a mistake, a statement of a template, a file.
pub fn walk<'a>(items: &'a [Item], each: &mut dyn FnMut(Step<'a>)) {
    for item in items {
        match item {
            Item::Mistake(mistake) => each(Step::Mistake(mistake)),
            Item::Template(span) => each(Step::Template(*span)),
            Item::Directive(directive) => match &directive.body {
                Body::Files(files) => files.iter().for_each(|file| walk(&file.items, each)),
                Body::Unread(unknown) => each(Step::Unread(directive, unknown)),
                _ => each(Step::Directive(directive)),
            },
        }
    }
}

/// What is met on the way through some items.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A directive that is no `include`.
    Directive(&'a Directive),
    /// An `include` whose files could not be had.
    Unread(&'a Directive, &'a Unknown),
    /// Something that nginx cannot read.
    Mistake(&'a Mistake),
    /// A statement of a template language.
    Template(Span),
}

/// The directives of some items, files in place of their `include`.
pub fn directives(items: &[Item]) -> Vec<&Directive> {
    let mut all = Vec::new();
    walk(items, &mut |step| {
        if let Step::Directive(directive) = step {
            all.push(directive);
        }
    });
    all
}
