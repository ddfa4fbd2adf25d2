//! Words → a tree.

use super::lex::{Lexer, Token};
use super::tree::{Block, Body, Directive, Item, Mistake, Word};
use crate::text::{Source, Span};

/// How deep blocks may be nested. nginx itself stops where its stack ends; a real configuration has five levels.
const DEEPEST: usize = 100;

/// What a file holds, `include` directives not followed.
pub fn parse(source: &Source) -> Vec<Item> {
    let mut reader = Reader { source, lexer: Lexer::new(source), blocks: Vec::new(), items: Vec::new(), last: None };
    reader.read();
    reader.items
}

struct Reader<'a> {
    source: &'a Source,
    lexer: Lexer<'a>,
    /// The blocks that are open: the directive (none for braces that belong to nobody), and what stood before it.
    blocks: Vec<(Option<Directive>, Span, Vec<Item>)>,
    /// The items of the innermost block.
    items: Vec<Item>,
    /// The last mistake that was met.
    last: Option<Mistake>,
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source.id(), start, end)
    }

    fn read(&mut self) {
        loop {
            match self.lexer.token() {
                Token::Directive(words, end) => {
                    let directive = self.directive(words, end + 1);
                    self.items.extend(directive.map(Item::Directive));
                }
                Token::Open(words, at) => self.open(words, at),
                Token::Close(at) => self.close(at),
                Token::Template(span) => self.items.push(Item::Template(span)),
                Token::Mistake(mistake) => self.mistake(mistake),
                Token::End => break,
            }
        }
        let end = self.source.text().len();
        while let Some((directive, open, before)) = self.blocks.pop() {
            // Braces that belong to nobody are a mistake already.
            if let Some(directive) = &directive {
                let message = "unexpected end of file, expecting \"}\"".to_owned();
                self.items.push(Item::Mistake(Mistake { message, span: directive.name.span }));
            }
            self.closed(directive, open, self.span(end, end), before);
        }
    }

    /// Of the same mistake over and over, with nothing in between, the first says it.
    fn mistake(&mut self, mistake: Mistake) {
        let start = mistake.span.start as usize;
        let again = self.last.as_ref().is_some_and(|last| {
            let between = self.source.text().get((last.span.end as usize).min(start)..start);
            last.message == mistake.message && between.is_some_and(|text| text.trim().is_empty())
        });
        self.last = Some(mistake.clone());
        if !again {
            self.items.push(Item::Mistake(mistake));
        }
    }

    fn directive(&self, words: Vec<Word>, end: usize) -> Option<Directive> {
        let mut words = words.into_iter();
        let name = words.next()?;
        let span = self.span(name.span.start as usize, end.min(self.source.text().len()));
        Some(Directive { name, args: words.collect(), body: Body::Simple, span })
    }

    fn open(&mut self, words: Vec<Word>, at: usize) {
        let directive = self.directive(words, at + 1);
        let open = self.span(at, at + 1);
        if let Some(mut lua) = directive.as_ref().filter(|directive| directive.name.ends_with("_by_lua_block")).cloned()
        {
            let end = self.lexer.skip_lua();
            lua.body = Body::Opaque(self.span(at, end));
            self.items.push(Item::Directive(lua));
            return;
        }
        if self.blocks.len() >= DEEPEST {
            self.items.push(Item::Mistake(Mistake { message: "blocks are nested too deep".to_owned(), span: open }));
            self.lexer.at = self.source.text().len();
            return;
        }
        self.blocks.push((directive, open, std::mem::take(&mut self.items)));
    }

    fn close(&mut self, at: usize) {
        let close = self.span(at, at + 1);
        match self.blocks.pop() {
            Some((directive, open, before)) => self.closed(directive, open, close, before),
            None => self.mistake(Mistake { message: "unexpected \"}\"".to_owned(), span: close }),
        }
    }

    fn closed(&mut self, directive: Option<Directive>, open: Span, close: Span, before: Vec<Item>) {
        let inner = std::mem::replace(&mut self.items, before);
        match directive {
            Some(mut directive) => {
                directive.body = Body::Block(Block { items: inner, open, close });
                self.items.push(Item::Directive(directive));
            }
            None => self.items.extend(inner),
        }
    }
}
