//! Blocks of lines that are no directives: `types`, `map`, `geo`, `split_clients`, `charset_map`.

use std::collections::HashSet;

use super::address::{ipv4, network};
use super::value::fixed;
use super::{Call, Outcome, Reader, said};
use crate::platform::nginx::tree::{Body, Directive, Item, Step, walk};
use crate::text::Span;

/// The names of a hash (`ngx_hash_keys_arrays_t`): exact ones, and those with a wildcard in front or at the end.
#[derive(Debug, Default)]
pub struct Keys {
    exact: HashSet<String>,
    front: HashSet<String>,
    end: HashSet<String>,
}

/// What became of a name that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It is there already.
    Known,
    /// It is no name, nor one with a wildcard.
    Wrong,
}

impl Keys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.front.is_empty() && self.end.is_empty()
    }

    /// `ngx_hash_add_key`.
    pub fn add(&mut self, key: &str, wildcards: bool) -> Added {
        let key = key.to_ascii_lowercase();
        let new = |fresh: bool| if fresh { Added::New } else { Added::Known };
        if !wildcards {
            return new(self.exact.insert(key));
        }
        if key.matches('*').count() > 1 || key.contains("..") {
            return Added::Wrong;
        }
        if let Some(rest) = key.strip_prefix('.').filter(|rest| !rest.is_empty()) {
            let fresh = self.exact.insert(rest.to_owned());
            return new(fresh && self.front.insert(rest.to_owned()));
        }
        if key.len() > 2 {
            if let Some(rest) = key.strip_prefix("*.") {
                return new(self.front.insert(rest.to_owned()));
            }
            if let Some(rest) = key.strip_suffix(".*") {
                return new(self.end.insert(rest.to_owned()));
            }
        }
        if key.contains('*') { Added::Wrong } else { new(self.exact.insert(key)) }
    }
}

/// A line as words.
type Line<'a> = (Vec<&'a str>, &'a Directive);

impl Reader<'_> {
    /// The lines of a block, those of included files in their place, with what is wrong in between told.
    fn lines(&mut self, call: &Call<'_>, each: &mut dyn FnMut(&mut Self, Line<'_>) -> Outcome) {
        let Some(block) = call.directive.block() else { return };
        let mut steps = Vec::new();
        walk(&block.items, &mut |step| steps.push(step));
        for (index, step) in steps.iter().enumerate() {
            match step {
                Step::Mistake(mistake) => self.mistake(mistake),
                Step::Template(_) | Step::Unread(..) => self.unseen = true,
                Step::Directive(line) => {
                    let next = match steps.get(index + 1) {
                        Some(Step::Mistake(mistake)) => Some(Item::Mistake((*mistake).clone())),
                        Some(Step::Template(span)) => Some(Item::Template(*span)),
                        _ => None,
                    };
                    if super::cut_short(line, next.as_ref()) {
                        continue;
                    }
                    if !matches!(line.body, Body::Simple) {
                        self.refuse("unexpected \"{\"", line.span, true);
                        continue;
                    }
                    let words = std::iter::once(&line.name).chain(&line.args).map(|word| &*word.text).collect();
                    if line.templated() {
                        self.unseen = true;
                        continue;
                    }
                    if let Err(fault) = each(self, (words, line)) {
                        let (message, certain) = match fault {
                            super::Fault::Said(message) => (message, true),
                            super::Fault::Maybe(message) => (message, false),
                        };
                        self.refuse(message, line.span, certain);
                    }
                }
            }
        }
    }

    /// `ngx_http_core_types`.
    pub(super) fn types(&mut self, call: &Call<'_>) -> Outcome {
        self.lines(call, &mut |_, (words, _)| match words[..] {
            ["include", ..] => said("invalid number of arguments in \"include\" directive"),
            _ => Ok(()),
        });
        Ok(())
    }

    /// A variable that a block defines.
    fn defined(&mut self, text: &str, call: &Call<'_>) -> Outcome {
        let name = self.target(text)?;
        let version = self.version;
        self.symbols(call).define(name, version)
    }

    /// Tells what is wrong with the head of a block, and goes on.
    fn head(&mut self, outcome: Outcome, call: &Call<'_>) {
        let (message, certain) = match outcome {
            Ok(()) => return,
            Err(super::Fault::Said(message)) => (message, true),
            Err(super::Fault::Maybe(message)) => (message, false),
        };
        self.refuse(message, call.span(), certain);
    }

    /// `ngx_http_map_block`.
    pub(super) fn map(&mut self, call: &Call<'_>) -> Outcome {
        let outcome = self.template(call.arg(0), call).and_then(|_| self.defined(call.arg(1), call));
        self.head(outcome, call);
        let (mut keys, mut default, mut hostnames) = (Keys::default(), false, false);
        let call = *call;
        self.lines(&call, &mut |reader, (words, line)| {
            let [key, value] = words[..] else {
                return match words[..] {
                    ["hostnames"] => {
                        hostnames = true;
                        Ok(())
                    }
                    ["volatile"] => Ok(()),
                    _ => said("invalid number of the map parameters"),
                };
            };
            reader.template_at(value, &call, line.span)?;
            if key == "default" {
                return match std::mem::replace(&mut default, true) {
                    true => said("duplicate default map parameter"),
                    false => Ok(()),
                };
            }
            if let Some(pattern) = key.strip_prefix('~') {
                return reader.regex(pattern.strip_prefix('*').unwrap_or(pattern), &call).map(|_| ());
            }
            let key = key.strip_prefix('\\').unwrap_or(key);
            match keys.add(key, hostnames) {
                Added::New => Ok(()),
                Added::Known => said(format!("conflicting parameter \"{}\"", key.to_ascii_lowercase())),
                Added::Wrong => said(format!("invalid hostname or wildcard \"{key}\"")),
            }
        });
        Ok(())
    }

    /// A text with variables, which are first read on another line than that of the directive.
    fn template_at(&mut self, text: &str, call: &Call<'_>, span: Span) -> Outcome {
        for name in super::value::variables(text)? {
            self.symbols(call).read(name, span);
        }
        Ok(())
    }

    /// `ngx_http_geo_block`.
    pub(super) fn geo(&mut self, call: &Call<'_>) -> Outcome {
        let (target, source) = match call.args() {
            [source, target] => (&*target.text, Some(&*source.text)),
            _ => (call.arg(0), None),
        };
        let read = source.map_or(Ok(()), |text| {
            let name = self.target(text)?;
            let span = call.span();
            self.symbols(call).read(name, span);
            Ok(())
        });
        let outcome = read.and_then(|()| self.defined(target, call));
        self.head(outcome, call);
        let (mut ranges, mut networks) = (false, false);
        let volatile = self.version.since(1, 29, 3);
        self.lines(call, &mut |reader, (words, line)| {
            let [net, value] = words[..] else {
                return match words[..] {
                    ["ranges"] if networks => {
                        said("the \"ranges\" directive must be the first directive inside \"geo\" block")
                    }
                    ["ranges"] => {
                        ranges = true;
                        Ok(())
                    }
                    ["proxy_recursive"] => Ok(()),
                    ["volatile"] if volatile => Ok(()),
                    _ => said("invalid number of the geo parameters"),
                };
            };
            if net == "proxy" {
                return reader.network(value, line.span);
            }
            if ranges {
                let net = if net == "delete" { value } else { net };
                return if net == "default" || is_range(net) {
                    Ok(())
                } else {
                    said(format!("invalid range \"{net}\""))
                };
            }
            networks = true;
            match net {
                "default" => Ok(()),
                "delete" => reader.network(value, line.span),
                net => reader.network(net, line.span),
            }
        });
        Ok(())
    }

    /// `ngx_http_geo_cidr_value`.
    fn network(&mut self, text: &str, span: Span) -> Outcome {
        match network(text) {
            _ if text == "255.255.255.255" => {}
            None => return said(format!("invalid network \"{text}\"")),
            Some(network) if network.loose => self.warn(format!("low address bits of {text} are meaningless"), span),
            Some(_) => {}
        }
        Ok(())
    }

    /// `ngx_http_charset_map_block`.
    pub(super) fn charset_map(&mut self, call: &Call<'_>) -> Outcome {
        let (from, to) = (call.arg(0), call.arg(1));
        let key = charset_pair(from, to);
        let outcome = match self.scopes.own(call.frame.main, call.spec.module, &key) {
            _ if from.eq_ignore_ascii_case(to) => {
                said(format!("\"charset_map\" between the same charsets \"{from}\" and \"{to}\""))
            }
            Some(_) => said(format!("duplicate \"charset_map\" between \"{from}\" and \"{to}\"")),
            None => Ok(()),
        };
        self.head(outcome, call);
        self.scopes.mark(call.frame.main, call.spec.module, &key, from, call.span());
        let byte = |text: &str| matches!(u32::from_str_radix(text, 16), Ok(0..=255)) && !text.starts_with('+');
        let wide = to.eq_ignore_ascii_case("utf-8");
        self.lines(call, &mut |_, (words, _)| {
            let [from, to] = words[..] else { return said("invalid parameters number") };
            let pairs =
                to.len() % 2 == 0 && to.as_bytes().chunks(2).all(|pair| std::str::from_utf8(pair).is_ok_and(byte));
            match (byte(from), if wide { pairs } else { byte(to) }) {
                (false, _) => said(format!("invalid value \"{from}\"")),
                (_, false) => said(format!("invalid value \"{to}\"")),
                _ => Ok(()),
            }
        });
        Ok(())
    }

    /// `ngx_conf_split_clients_block`.
    pub(super) fn split_clients(&mut self, call: &Call<'_>) -> Outcome {
        let outcome = self.template(call.arg(0), call).and_then(|_| self.defined(call.arg(1), call));
        self.head(outcome, call);
        let (mut sum, mut over) = (0i64, false);
        self.lines(call, &mut |_, (words, _)| {
            let part = words[0];
            let share = match part.strip_suffix('%').map(|number| fixed(number, 2)) {
                _ if part == "*" => 10_000,
                Some(Some(share @ 1..)) => sum.saturating_add(share),
                _ => return said(format!("invalid percent value \"{part}\"")),
            };
            sum = share;
            over |= sum > 10_000;
            Ok(())
        });
        if over {
            self.refuse_late("percent total is greater than 100%", call.span(), true);
        }
        Ok(())
    }
}

/// Under what a pair of character sets is kept, whichever comes first.
pub(super) fn charset_pair(one: &str, other: &str) -> String {
    let mut pair = [one.to_ascii_lowercase(), other.to_ascii_lowercase()];
    pair.sort();
    format!("charset_map {} {}", pair[0], pair[1])
}

/// Two addresses with `-` between them, the lower one first.
fn is_range(text: &str) -> bool {
    let ends = text.split_once('-').and_then(|(first, last)| Some((ipv4(first)?, ipv4(last)?)));
    ends.is_some_and(|(first, last)| first <= last)
}
