//! A configuration taken apart as far as requests need it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::listen::Listening;
use super::pattern::{self, Found};
use super::scope::{Kind, LevelId, Levels};
use super::tree::{Directive, File, Step, walk};
use super::version::Version;
use crate::fact::{Unknown, Why};
use crate::files::{Files, Location};
use crate::text::Span;

/// A configuration taken apart.
pub struct Model<'a> {
    /// Its levels.
    pub levels: Levels<'a>,
    /// What listens.
    listening: OnceCell<Listening>,
    /// What makes a variable: `map`, `geo` or `split_clients`, by its name in lower case without `$`.
    pub made: BTreeMap<String, Made<'a>>,
    /// The variables that `set` sets anywhere, in lower case without `$`, with each `set` and the level it stands on:
    /// they are there, empty, where it was not run.
    pub sets: BTreeMap<String, Vec<(LevelId, &'a Directive)>>,
    /// The version of nginx.
    pub version: Version,
    /// What may be opened.
    pub files: &'a dyn Files,
    /// The start of the main file, for what has no other place.
    pub main: Span,
    /// The folder that relative paths of document roots count from.
    pub prefix: Location,
}

/// A block that makes a variable.
#[derive(Debug)]
pub struct Made<'a> {
    /// The directive.
    pub directive: &'a Directive,
    /// Its lines, includes in place.
    pub lines: Vec<&'a Directive>,
    /// Why there may be more of them, or fewer: a file that is not here, a statement of a template.
    pub doubt: Option<Unknown>,
}

impl<'a> Made<'a> {
    fn of(directive: &'a Directive) -> Option<Made<'a>> {
        let mut made = Made { directive, lines: Vec::new(), doubt: None };
        walk(&directive.block()?.items, &mut |step| match step {
            Step::Directive(line) => made.lines.push(line),
            Step::Unread(_, unknown) => made.doubt = Some(unknown.clone()),
            Step::Template(at) => made.doubt = Some(Unknown::new(Why::Templated, at, "the rendered file")),
            Step::Mistake(_) => {}
        });
        Some(made)
    }

    /// The lines that say what comes of a value; the others are settings of the block.
    pub fn choices(&self) -> impl Iterator<Item = &'a Directive> + '_ {
        self.lines.iter().copied().filter(|line| line.args.len() == 1)
    }

    /// The line of a map for what no other line is for, if there is one.
    pub fn default(&self) -> Option<&'a Directive> {
        self.choices().find(|line| *line.name == *"default")
    }

    /// The line of a map that a text leads to, none where that is the default: the exact one, with `hostnames` the masks,
    /// the first expression with what it found. An error is a line whose expression is not understood.
    pub fn line(&self, source: &str) -> Result<Option<(&'a Directive, Option<Found>)>, &'a Directive> {
        let hostnames = self.lines.iter().any(|line| *line.name == *"hostnames" && line.args.is_empty());
        let host = source.trim_end_matches('.');
        let source = if hostnames { host } else { source };
        let low = source.to_ascii_lowercase();
        let plain = |line: &&Directive| {
            let name = line.name.strip_prefix('\\').unwrap_or(&line.name).to_ascii_lowercase();
            !line.name.starts_with('~')
                && (*line.name != *"default" && name == low || hostnames && name.strip_prefix('.') == Some(&*low))
        };
        if let Some(line) = self.choices().find(plain) {
            return Ok(Some((line, None)));
        }
        let masked = if hostnames { self.masked(&low) } else { None };
        if let Some(line) = masked {
            return Ok(Some((line, None)));
        }
        if source.is_empty() {
            return Ok(None);
        }
        for line in self.choices() {
            let Some(pattern) = line.name.strip_prefix('~') else { continue };
            let (pattern, caseless) = pattern.strip_prefix('*').map_or((pattern, false), |pattern| (pattern, true));
            match pattern::find(pattern, caseless, source) {
                None => return Err(line),
                Some(None) => {}
                Some(found) => return Ok(Some((line, found))),
            }
        }
        Ok(None)
    }

    /// The longest mask for a host, one for its end before one for its start.
    fn masked(&self, low: &str) -> Option<&'a Directive> {
        let masks = self.choices().filter_map(|line| {
            let name = line.name.to_ascii_lowercase();
            let rest = name.strip_prefix("*.").or(name.strip_prefix('.'));
            let front = rest.is_some_and(|rest| low.strip_suffix(rest).is_some_and(|front| front.ends_with('.')));
            let back = name.strip_suffix(".*");
            let tail = back.is_some_and(|rest| low.strip_prefix(rest).is_some_and(|tail| tail.starts_with('.')));
            (front || tail).then_some((u8::from(front), name.len(), line))
        });
        masks.max_by_key(|(front, length, _)| (*front, *length)).map(|(.., line)| line)
    }
}

impl<'a> Model<'a> {
    /// The model of a main configuration.
    pub fn new(file: &'a File, version: Version, files: &'a dyn Files, prefix: Location) -> Model<'a> {
        Model::within(Levels::of(file), Span::at(file.source, 0), version, files, prefix)
    }

    /// The model of levels that were read.
    pub fn within(
        levels: Levels<'a>,
        main: Span,
        version: Version,
        files: &'a dyn Files,
        prefix: Location,
    ) -> Model<'a> {
        let mut made = BTreeMap::new();
        let mut sets: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (id, level) in levels.all.iter().enumerate() {
            for directive in &level.own {
                match &*directive.name {
                    "map" | "geo" | "split_clients" => {
                        let name = directive.args.last().map_or("", |word| word.trim_start_matches('$'));
                        if let Some(block) = Made::of(directive) {
                            made.entry(name.to_ascii_lowercase()).or_insert(block);
                        }
                    }
                    "set" => {
                        let name = directive.arg(0).trim_start_matches('$').to_ascii_lowercase();
                        sets.entry(name).or_default().push((id, *directive));
                    }
                    _ => {}
                }
            }
        }
        Model { levels, listening: OnceCell::new(), made, sets, version, files, main, prefix }
    }

    /// The sockets and the servers on them. Whoever asks about one server does not need them.
    pub fn listening(&self) -> &Listening {
        self.listening.get_or_init(|| Listening::of(&self.levels))
    }

    /// The `set`s of a variable in the server of a level, each with its level: those of other servers are never run
    /// for it.
    pub fn sets_of(&self, level: LevelId, name: &str) -> &[(LevelId, &'a Directive)] {
        let all = self.sets.get(name).map_or(&[][..], |all| all);
        let Some(server) = self.levels.enclosing(level, Kind::Server) else { return all };
        // Levels are numbered in the order of the file, those in a server after it and before the next.
        let within = &all[all.partition_point(|(id, _)| *id < server)..];
        &within[..within.partition_point(|(id, _)| self.levels.enclosing(*id, Kind::Server) == Some(server))]
    }

    /// The server that a level is in, or the level itself.
    pub fn server_of(&self, id: LevelId) -> LevelId {
        self.levels.enclosing(id, Kind::Server).unwrap_or(id)
    }

    /// The level of the block that a directive opens on a level.
    pub fn opened(&self, id: LevelId, directive: &Directive) -> Option<LevelId> {
        let opens =
            |child: &&LevelId| self.levels.all[**child].directive.is_some_and(|its| std::ptr::eq(its, directive));
        self.levels.all[id].children.iter().find(opens).copied()
    }

    /// The servers of an `upstream`, or `None` where there is no such block.
    pub fn upstream(&self, name: &str) -> Option<LevelId> {
        self.levels.of_kind(Kind::Upstream).find(|&id| {
            self.levels.all[id].directive.is_some_and(|directive| directive.arg(0).eq_ignore_ascii_case(name))
        })
    }
}
