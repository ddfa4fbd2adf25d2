//! What a client gets of a server, answered when a check asks: `can(server, "read /.git/config")`.

use std::path::PathBuf;
use std::sync::Arc;

use super::Maker;
use crate::fact::{Can, Commands, Fact, Unknown, Value, Why};
use crate::files::{self, FileKind, Files};
use crate::platform::nginx::locate::{Location, Match};
use crate::platform::nginx::model::Model;
use crate::platform::nginx::pattern;
use crate::platform::nginx::request::{Backend, Outcome, Request, follow_in};
use crate::platform::nginx::scope::{Kind, LevelId, Levels};
use crate::platform::nginx::tree::File;
use crate::platform::nginx::version::Version;
use crate::text::{Span, Unreadable};

/// Somebody whom no rule knows (RFC 5737, TEST-NET-3).
const STRANGER: [u8; 4] = [203, 0, 113, 77];

/// Answers for one server.
struct Asked {
    file: File,
    part_of: Kind,
    main: Span,
    version: Version,
    prefix: files::Location,
    /// Its number among all servers.
    server: usize,
    /// The folder that the paths of questions are in; none where it is not known.
    below: Option<String>,
    at: Span,
}

/// A machine on which the file that is asked for is there, and no other; or, `missing`, not even that one.
struct Supposed<'a> {
    path: &'a str,
    missing: bool,
}

impl Files for Supposed<'_> {
    fn read(&self, _: &files::Location) -> Result<Vec<u8>, Unreadable> {
        Err(Unreadable::OutOfReach)
    }

    fn list(&self, _: &files::Location) -> Result<Vec<String>, Unreadable> {
        Err(Unreadable::OutOfReach)
    }

    fn real(&self, at: &files::Location) -> Result<PathBuf, Unreadable> {
        Ok(at.path().to_path_buf())
    }

    fn kind(&self, at: &files::Location) -> Result<Option<FileKind>, Unreadable> {
        // `root /dev/null`: there is nothing in a device.
        if at.path().starts_with("/dev") {
            return Ok(None);
        }
        let name = at.path().file_name().unwrap_or_default().to_string_lossy();
        let mut parts = self.path.rsplit('/');
        let asked = parts.next().unwrap_or_default();
        if self.missing {
            // What is before it is a file, where the path goes on behind one.
            let other = name != *asked && parts.next().is_none_or(|before| name != *before);
            return Ok(other.then_some(FileKind { file: false, folder: true, executable: false }));
        }
        let is = !asked.is_empty() && name == *asked;
        // Without the file, its folder is what tells that the machine is the right one.
        let folder = !name.contains('.');
        let kind = FileKind { file: is, folder: !is && folder, executable: false };
        Ok((is || folder).then_some(kind))
    }
}

impl Maker<'_> {
    /// What clients can do on a server.
    pub fn asked(&self, server: LevelId) -> Fact {
        self.asked_in(server, Some(String::new()), self.at(server))
    }

    /// What they can do in the folder that a location speaks of.
    pub fn asked_below(&self, server: LevelId, location: Option<Location<'_>>, at: Span) -> Fact {
        let folder = |location: Location<'_>| match location.how {
            Match::Exact | Match::Named => None,
            Match::Prefix | Match::PrefixOnly => Some(location.name.trim_end_matches('/').to_owned()),
            Match::Regex | Match::RegexCaseless => {
                let caseless = location.how == Match::RegexCaseless;
                let path = pattern::sample(location.name, caseless).filter(|path| path.starts_with('/'))?;
                path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).filter(|folder| !folder.is_empty())
            }
        };
        self.asked_in(server, location.and_then(folder), at)
    }

    fn asked_in(&self, server: LevelId, below: Option<String>, at: Span) -> Fact {
        let asked = Asked {
            file: self.subject.file.clone(),
            part_of: self.subject.part_of,
            main: self.model.main,
            version: self.model.version,
            prefix: self.model.prefix.clone(),
            server: self.servers.binary_search(&server).unwrap_or_default(),
            below,
            at,
        };
        Fact::derived(Value::Commands(Commands(Arc::new(asked))), at)
    }
}

impl Can for Asked {
    /// `read PATH`: whether a stranger is sent the file of this path, should it be there. `run PATH`: whether it is
    /// handed to an interpreter of scripts under its own name. `hand PATH`: whether it is though no such file is
    /// there.
    fn can(&self, question: &str) -> Fact {
        let Some((what, path)) = question.split_once(' ') else { return Fact::derived(false, self.at) };
        let Some(below) = &self.below else { return Fact::derived(false, self.at) };
        let path = &*format!("{below}{path}");
        let files = Supposed { path, missing: what == "hand" };
        let levels = Levels::with_servers(&self.file, self.part_of, Some(self.server));
        let Some(server) = levels.of_kind(Kind::Server).next() else { return Fact::derived(false, self.at) };
        let model = Model::within(levels, self.main, self.version, &files, self.prefix.clone());
        let Ok(mut request) = Request::of_url(&format!("http://server.invalid{path}")) else {
            return Fact::derived(false, self.at);
        };
        request.client = Some(STRANGER.into());
        let backend = Backend { status: 200, headers: Vec::new() };
        let (outcomes, more) = follow_in(&model, server, &request, &backend);
        let does = |outcome: &Outcome<'_>| match what {
            "run" | "hand" => {
                outcome.uri == path && outcome.handler.is_some_and(|by| runs(&by.name)) && outcome.upstream.is_some()
            }
            _ => outcome.file.is_some() && outcome.uri == path && outcome.status == Some(200),
        };
        // A stranger has no certificate.
        let proven = |outcome: &Outcome<'_>| model.levels.text(outcome.level, "ssl_verify_client") == Some("on");
        let does = |outcome: &Outcome<'_>| does(outcome) && !proven(outcome);
        let open = |outcome: &Outcome<'_>| {
            let decides = |doubt: &str| match doubt {
                "response" | "location" | "server" => true,
                // Which file it is says nothing of who is handed its name.
                "file" => what == "read",
                _ => false,
            };
            let doubt = outcome.doubts.iter().find(|(what, _)| decides(what));
            doubt.map(|(_, unknown)| unknown.clone())
        };
        let first = outcomes.first().is_some_and(does);
        let same = outcomes.iter().all(|outcome| does(outcome) == first);
        let unknown = outcomes.iter().find_map(open).or_else(|| {
            let fork = outcomes.iter().flat_map(|outcome| &outcome.forks).next();
            (!same).then(|| fork.map(|(unknown, _)| unknown.clone())).flatten()
        });
        match unknown {
            Some(unknown) => Fact::Unknown(unknown),
            None if more || !same => {
                Fact::Unknown(Unknown::new(Why::NotSupported, self.at, "which way a request goes"))
            }
            None => {
                let level = outcomes.first().and_then(|outcome| model.levels.place(outcome.level));
                Fact::derived(first, level.unwrap_or(self.at))
            }
        }
    }
}

fn runs(handler: &str) -> bool {
    matches!(handler, "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" | "passenger_enabled")
}
