//! The users of a server that starts: `user` lines, the ACL file and `requirepass` put together.
//!
//! `acl.c:ACLAppendUserForLoading` while the configuration is read, `acl.c:ACLLoadUsersAtStartup` afterwards.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::acl::crash::Crashing;
use super::acl::file::AclFile;
use super::acl::{Evaluator, Problem, Read, User};
use super::conf::{Held, Loaded, Phase, Refusal, Rules, Taken, UserLine};
use super::door::{DefaultUser, Maybe};
use super::effective::{Accounts, Started};
use super::include::{Library, written_path};
use super::split::Word;
use super::value::Typed;
use crate::fact::{Unknown, Why};
use crate::text::{Span, Unreadable};

/// What evaluates the rules of users in a configuration: for its version, as a plain server or as a Sentinel, and with
/// what its `acl-pubsub-default` says of new users.
pub fn evaluator(loaded: &Loaded) -> Evaluator {
    let version = loaded.version;
    let open_channels = match loaded.named("acl-pubsub-default").typed() {
        Some(typed) => *typed == Typed::Word("allchannels"),
        None => !version.since(7, 0),
    };
    let evaluator = if loaded.sentinel { Evaluator::for_sentinel(version) } else { Evaluator::new(version) };
    evaluator.with_channels_by_default(open_channels)
}

/// Which word of a `user` line is the first rule.
const RULES: usize = 2;

/// How many rules of a line are read, those that are read again counted again: a bound on work, far above use.
const MOST_READ: usize = 20_000;

/// The user that clients are who have not logged in.
const DEFAULT: &[u8] = b"default";

/// The ACL rules of each version, as `acl` evaluates them.
#[derive(Debug, Clone, Copy, Default)]
pub struct AclRules;

impl Rules for AclRules {
    fn command(&self, so_far: &Loaded, name: &[u8]) -> bool {
        evaluator(so_far).table().named(name).is_some()
    }

    fn take(&self, so_far: &Loaded, words: &[Word], again: bool) -> Result<Option<Taken>, (usize, String)> {
        if so_far.version.since(7, 0) && again {
            return Err((1, "there is another line for this user: Duplicate user found".to_owned()));
        }
        let evaluator = evaluator(so_far);
        // The words that are rules, less those that name unknown commands.
        let mut rules: Vec<&Word> = words.iter().skip(RULES).collect();
        let mut left = MOST_READ.max(rules.len());
        loop {
            // With too many of them it is left to the second look, which stops at the first.
            let Some(after) = left.checked_sub(rules.len()) else { return Ok(None) };
            left = after;
            let bytes: Vec<&[u8]> = rules.iter().map(|word| word.bytes.as_ref()).collect();
            match evaluator.read(&bytes) {
                Ok(_) if again || rules.len() + RULES < words.len() => return Ok(None),
                Ok(read) => return Ok(Some(taken(&evaluator, &read))),
                // A module may still bring the command; the server looks again when all modules are loaded.
                Err(error) if error.problem == Problem::UnknownCommand => {
                    let end = error.arguments.end.min(rules.len());
                    rules.drain(error.arguments.start.min(end)..end);
                }
                Err(error) => {
                    let at = rules.get(error.arguments.start).map(|word| word.span);
                    let place = at.and_then(|at| words.iter().position(|word| word.span == at));
                    return Err((place.unwrap_or(1), error.to_string()));
                }
            }
        }
    }
}

fn taken(evaluator: &Evaluator, read: &Read<'_>) -> Taken {
    let crash = |crash: Crashing| (RULES + crash.rule.start, crash.when);
    Taken {
        open_channels: evaluator.opens_channels_by_default(),
        crashes: evaluator.crashing(read).into_iter().map(crash).collect(),
    }
}

/// What `default` decides about clients that have not logged in.
fn who_gets_in(evaluator: &Evaluator, user: &User<'_>) -> DefaultUser {
    DefaultUser {
        enabled: Maybe::Known(user.enabled),
        nopass: Maybe::Known(user.nopass),
        may_ping: Maybe::Known(user.permits(evaluator.table(), b"ping")),
    }
}

impl Accounts for AclRules {
    fn start(&self, loaded: &Loaded, library: &mut Library<'_>) -> Started {
        let evaluator = evaluator(loaded);
        let (refusals, doubts, users) = (Vec::new(), Vec::new(), BTreeMap::new());
        let lists = library.as_server();
        let mut start = Start { evaluator, loaded, lists, refusals, doubts, users, default_user: None };
        start.load(library);
        start.finish()
    }
}

/// The users while they are put together.
struct Start<'a> {
    evaluator: Evaluator,
    loaded: &'a Loaded,
    /// Whether the list of users will be asked for.
    lists: bool,
    refusals: Vec<Refusal>,
    doubts: Vec<Unknown>,
    /// How each is listed, if that will be asked for.
    users: BTreeMap<Cow<'a, [u8]>, Vec<u8>>,
    /// What decides about clients that have not logged in.
    default_user: Option<DefaultUser>,
}

impl<'a> Start<'a> {
    fn load(&mut self, library: &mut Library<'_>) {
        let first = self.first_default();
        self.keep(Cow::Borrowed(DEFAULT), &first);
        let file = match self.loaded.named("aclfile") {
            Held::Written(write, Typed::Bytes(path)) if !path.is_empty() => Some((write.value, path.clone())),
            _ => None,
        };
        let lines = &self.loaded.users.items;
        match (file, lines.is_empty()) {
            (Some((at, _)), false) => self.refuse("users are defined both here and in `user` lines: not allowed", at),
            (Some((at, path)), true) => self.file(at, &path, library),
            (None, _) => self.lines(lines),
        }
    }

    /// `default` before any line about it (`acl.c:ACLUpdateDefaultUserPassword`).
    fn first_default(&self) -> User<'static> {
        match self.loaded.named("requirepass").typed() {
            Some(Typed::Bytes(password)) if !password.is_empty() => self.evaluator.default_user_with(password),
            _ => self.evaluator.default_user(),
        }
    }

    /// `acl.c:ACLLoadConfiguredUsers`.
    fn lines(&mut self, lines: &'a [UserLine]) {
        for line in lines {
            let Some(name) = line.name() else { continue };
            if name.bytes.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, 0 | 0x0b)) {
                self.refuse("Spaces not allowed in ACL usernames", name.span);
                continue;
            }
            if line.words.iter().any(|word| word.templated) {
                continue;
            }
            // `default` is there before the first line.
            let again = self.users.contains_key(name.bytes.as_ref());
            if let Some(taken) = self.as_taken(line)
                && !again
            {
                let place = |place: &usize| line.words.get(*place).map_or(line.span, |word| word.span);
                self.refusals.extend(taken.crashes.iter().map(|(at, when)| ends(when, place(at))));
                self.users.insert(Cow::Borrowed(&name.bytes), Vec::new());
                continue;
            }
            let mut rules: Vec<&[u8]> = line.rules().iter().map(|word| word.bytes.as_ref()).collect();
            // Who is there already is reset first, which leaves a trace before 7.2.
            if again {
                rules.insert(0, b"reset");
            }
            match self.evaluator.read(&rules) {
                Ok(read) => {
                    self.keep(Cow::Borrowed(&name.bytes), &read.user);
                    let rule = |place: usize| line.rules().get(place.saturating_sub(usize::from(again)));
                    self.crashes(&read, |place| rule(place).map_or(line.span, |word| word.span));
                }
                Err(error) => {
                    let place = error.arguments.start.saturating_sub(usize::from(again));
                    let at = line.rules().get(place).map_or(line.span, |word| word.span);
                    self.refuse(&error.to_string(), at);
                }
            }
        }
    }

    /// What was made of a line when it was read, if that still holds and is all that will be asked.
    fn as_taken<'l>(&self, line: &'l UserLine) -> Option<&'l Taken> {
        let holds = |taken: &&Taken| taken.open_channels == self.evaluator.opens_channels_by_default();
        line.taken.as_ref().filter(holds).filter(|_| !self.lists)
    }

    /// `acl.c:ACLLoadFromFile`.
    fn file(&mut self, at: Span, path: &[u8], library: &mut Library<'_>) {
        let Ok(folder) = &self.loaded.folder else { return };
        let shown = String::from_utf8_lossy(path).into_owned();
        let source = match library.source(&folder.resolve(&written_path(path))) {
            Ok(source) => source,
            Err(error) => {
                let message = format!("Error loading ACLs, opening file '{shown}': {error}");
                return match error {
                    Unreadable::Missing | Unreadable::Loop => self.refuse(&message, at),
                    Unreadable::Denied if library.as_server() => self.refuse(&message, at),
                    Unreadable::Denied => self.doubt(Why::NotReadable, at, &format!("read access to {shown}")),
                    _ => self.doubt(Why::NotReadable, at, &format!("{shown}: {error}")),
                };
            }
        };
        let file = library.acl_file(source);
        let place = |range: &std::ops::Range<usize>| {
            let range = file.place(range);
            Span::new(source, range.start, range.end)
        };
        let (mut default, mut crashes) = (None, Vec::new());
        let errors = file.visit(&self.evaluator, |line, name, read| {
            crashes.extend(self.evaluator.crashing(&read).iter().map(|crash| (crash.when, place(&line.range))));
            if name == DEFAULT {
                default = Some(read.user);
            }
        });
        if !errors.is_empty() {
            for error in errors {
                self.refuse(&error.message, Span::new(source, error.place.start, error.place.end));
            }
            return;
        }
        // The file replaces everything, the default user with its password included.
        self.users.clear();
        self.keep(Cow::Borrowed(DEFAULT), &default.unwrap_or_else(|| self.evaluator.default_user()));
        self.refusals.extend(crashes.into_iter().map(|(when, at)| ends(when, at)));
        if self.lists {
            self.list(&file);
        }
    }

    /// The users of an ACL file as they are listed.
    fn list(&mut self, file: &AclFile<'_>) {
        let mut count: HashMap<&[u8], usize> = HashMap::from([(b"default".as_slice(), 1)]);
        for written in file.lines.iter().filter_map(|line| line.user.as_ref()) {
            *count.entry(file.bytes(&written.name)).or_default() += 1;
        }
        for (_, written) in file.users() {
            let name = file.bytes(&written.name);
            let mut rules = file.rules(written);
            // In 6.2 a user who is there already is reset first, which leaves a trace.
            if !self.loaded.version.since(7, 0) && count.get(name).is_some_and(|count| *count > 1) {
                rules.insert(0, b"reset");
            }
            if let Ok(user) = self.evaluator.user(&rules) {
                self.keep(Cow::Owned(name.to_vec()), &user);
            }
        }
    }

    fn crashes(&mut self, read: &Read<'_>, at: impl Fn(usize) -> Span) {
        for crash in self.evaluator.crashing(read) {
            let at = at(crash.rule.start);
            self.refusals.push(ends(crash.when, at));
        }
    }

    fn keep(&mut self, name: Cow<'a, [u8]>, user: &User<'_>) {
        let listed = match self.lists {
            true => [b"user ", &*name, b" ", self.evaluator.describe(user, false).as_slice()].concat(),
            false => Vec::new(),
        };
        if *name == *DEFAULT {
            self.default_user = Some(who_gets_in(&self.evaluator, user));
        }
        self.users.insert(name, listed);
    }

    fn refuse(&mut self, message: &str, at: Span) {
        self.refusals.push(Refusal { phase: Phase::Users, message: message.to_owned(), at });
    }

    fn doubt(&mut self, why: Why, at: Span, needs: &str) {
        self.doubts.push(Unknown::new(why, at, needs));
    }

    fn finish(self) -> Started {
        let unknown = match (&self.loaded.users.rest, self.loaded.named("aclfile"), self.loaded.named("requirepass")) {
            (Some(unknown), ..) => Some(unknown.clone()),
            (_, Held::Unknown(unknown), _) | (.., Held::Unknown(unknown)) => Some(unknown.clone()),
            _ => self.doubts.first().cloned(),
        };
        let default_user = match (unknown, self.default_user) {
            (None, Some(user)) => user,
            (Some(unknown), _) => nothing_known(unknown),
            (None, None) => nothing_known(Unknown::new(Why::NotSupported, self.loaded.end, "")),
        };
        let listed = |listed: &Vec<u8>| String::from_utf8_lossy(listed).into_owned();
        Started {
            users: if self.lists { self.users.values().map(listed).collect() } else { Vec::new() },
            refusals: self.refusals,
            doubts: self.doubts,
            default_user,
        }
    }
}

/// A server that ends as soon as somebody lists its users counts as one that does not start.
fn ends(when: &str, at: Span) -> Refusal {
    Refusal { phase: Phase::Running, message: when.to_owned(), at }
}

fn nothing_known(unknown: Unknown) -> DefaultUser {
    DefaultUser {
        enabled: Maybe::Unknown(unknown.clone()),
        nopass: Maybe::Unknown(unknown.clone()),
        may_ping: Maybe::Unknown(unknown),
    }
}
