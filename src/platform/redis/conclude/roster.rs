//! The users of a configuration as they are written: names and rules with their places, before any is evaluated.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::fact::{Unknown, Why};
use crate::platform::redis::acl;
use crate::platform::redis::conf::{Held, Loaded, UserLine};
use crate::platform::redis::instance::AclFile;
use crate::platform::redis::value::Typed;
use crate::text::{SourceId, Sources, Span};

/// One rule of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What the server takes it for.
    pub bytes: Arc<[u8]>,
    /// Where it is written.
    pub at: Span,
}

/// A user as it is written.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name.
    pub name: Arc<[u8]>,
    /// Where the name is written.
    pub at: Span,
    /// The rules in order.
    pub rules: Arc<[Rule]>,
    /// Why the rules are not known, if a template decides about them.
    pub unknown: Option<Unknown>,
}

/// What the user `default` is where no line is about it.
#[derive(Debug, Clone)]
pub enum Unwritten {
    /// On, without a password: nothing is said at all.
    Open(Span),
    /// The same, because an ACL file that does not name it makes it anew: the reference to the file.
    MadeAnew(Span),
    /// On, with the password of `requirepass`.
    Requirepass(Arc<[u8]>, Span),
    /// It cannot be told.
    Unknown(Unknown),
}

/// All users of a configuration, as one version sees them.
#[derive(Debug, Clone)]
pub struct Roster {
    /// Those that are written, one for each name.
    pub accounts: Arc<[Account]>,
    /// Why there may be more, if there may.
    pub rest: Option<Unknown>,
    /// The default user, where no account is it.
    pub unwritten: Unwritten,
}

impl Roster {
    /// Puts together what each version finds; with each comes its ACL file, which is taken apart once.
    pub fn of_all<'a>(
        root: &str,
        worlds: impl Iterator<Item = (&'a Loaded, &'a AclFile)>,
        sources: &Sources,
    ) -> Vec<Roster> {
        let mut written = Written { sources, files: BTreeMap::new(), lines: Vec::new() };
        worlds.map(|(loaded, file)| Roster::of(root, loaded, file, &mut written)).collect()
    }

    fn of<'a>(root: &str, loaded: &'a Loaded, file: &AclFile, written: &mut Written<'a>) -> Roster {
        let follow = |unknown: &Unknown| unknown.clone().following_from(format!("{root}.acl.users"));
        match file {
            AclFile::Unknown(unknown) => {
                let unknown = follow(unknown);
                Roster { accounts: [].into(), rest: Some(unknown.clone()), unwritten: Unwritten::Unknown(unknown) }
            }
            AclFile::Read { source, at } => {
                Roster { accounts: written.file(*source), rest: None, unwritten: Unwritten::MadeAnew(*at) }
            }
            AclFile::None => {
                let rest = loaded.users.rest.as_ref().map(follow);
                let unwritten = match &rest {
                    Some(unknown) => Unwritten::Unknown(unknown.clone()),
                    None => of_settings(root, loaded),
                };
                Roster { accounts: written.lines(loaded), rest, unwritten }
            }
        }
    }

    /// The account of the default user, if one is written.
    pub fn default_account(&self) -> Option<&Account> {
        self.accounts.iter().find(|account| *account.name == *b"default")
    }
}

/// What is written about users, taken apart once for all versions that read the same.
struct Written<'a> {
    sources: &'a Sources,
    files: BTreeMap<SourceId, Arc<[Account]>>,
    lines: Vec<(&'a [UserLine], Arc<[Account]>)>,
}

impl<'a> Written<'a> {
    fn file(&mut self, source: SourceId) -> Arc<[Account]> {
        self.files.entry(source).or_insert_with(|| of_file(source, self.sources).into()).clone()
    }

    fn lines(&mut self, loaded: &'a Loaded) -> Arc<[Account]> {
        let lines = &loaded.users.items[..];
        let alike = |(known, _): &&(&[UserLine], _)| {
            known.len() == lines.len() && known.iter().zip(lines).all(|(one, other)| one.words == other.words)
        };
        if let Some((_, accounts)) = self.lines.iter().find(alike) {
            return accounts.clone();
        }
        let accounts: Arc<[Account]> = of_lines(loaded).into();
        self.lines.push((lines, accounts.clone()));
        accounts
    }
}

/// The users of an ACL file that no configuration names.
pub fn lone(source: SourceId, sources: &Sources, unknown: Unknown) -> Roster {
    let accounts = of_file(source, sources).into();
    Roster { accounts, rest: None, unwritten: Unwritten::Unknown(unknown) }
}

fn of_settings(root: &str, loaded: &Loaded) -> Unwritten {
    match loaded.named("requirepass") {
        Held::Written(write, Typed::Bytes(password)) if !password.is_empty() => {
            Unwritten::Requirepass(password.clone(), write.value)
        }
        Held::Written(write, _) => Unwritten::Open(write.value),
        Held::Unknown(unknown) => Unwritten::Unknown(unknown.clone().following_from(format!("{root}.requirepass"))),
        Held::Default(_) | Held::Absent => Unwritten::Open(loaded.end),
    }
}

/// The users of `user` lines. Of two lines for one name 6.2 keeps the later; later versions refuse the second.
fn of_lines(loaded: &Loaded) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut places: HashMap<Arc<[u8]>, usize> = HashMap::new();
    for line in &loaded.users.items {
        let Some(name) = line.name() else { continue };
        let templated = line.words.iter().find(|word| word.templated);
        let account = Account {
            name: name.bytes.clone(),
            at: name.span,
            rules: line.rules().iter().map(|word| Rule { bytes: word.bytes.clone(), at: word.span }).collect(),
            unknown: templated.map(|word| Unknown::new(Why::Templated, word.span, "the rendered file")),
        };
        match places.get(&account.name) {
            Some(place) => accounts[*place] = account,
            None => {
                places.insert(account.name.clone(), accounts.len());
                accounts.push(account);
            }
        }
    }
    accounts
}

fn of_file(source: SourceId, sources: &Sources) -> Vec<Account> {
    let file = acl::file::AclFile::read(sources.get(source).bytes());
    let place = |range: &std::ops::Range<usize>| {
        let range = file.place(range);
        Span::new(source, range.start, range.end)
    };
    let rule = |range: &std::ops::Range<usize>| Rule { bytes: file.bytes(range).into(), at: place(range) };
    file.users()
        .into_iter()
        .map(|(_, written)| Account {
            name: file.bytes(&written.name).into(),
            at: place(&written.name),
            rules: written.rules.iter().map(rule).collect(),
            unknown: None,
        })
        .collect()
}
