//! Every server with its locations and what holds there.

use std::path::Path;

use serde::Serialize;

use crate::platform::effective::placed;
use crate::platform::nginx::listen::names;
use crate::platform::nginx::locate::Location;
use crate::platform::nginx::model::Model;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::value::size;
use crate::text::Sources;

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// Its names.
    pub names: Vec<String>,
    /// What it listens on, as it is written.
    pub listen: Vec<String>,
    /// Its own level, and then its locations and what is in them.
    pub levels: Vec<Shown>,
}

/// What holds on a level.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// `server`, `location = /x`, `if (…)`.
    pub text: String,
    /// Its file.
    pub path: Option<String>,
    /// Its line.
    pub line: Option<usize>,
    /// The response headers that it adds, as they are written.
    pub headers: Vec<String>,
    /// The headers of an upstream that it hides.
    pub hidden: Vec<String>,
    /// The largest body, in bytes; null for none.
    pub body_limit: Option<u64>,
    /// What makes the content, as it is written.
    pub handler: Option<String>,
    /// Where it logs.
    pub log: Vec<String>,
}

pub(super) fn sites(model: &Model<'_>, sources: &Sources, from: &Path) -> Vec<Site> {
    let levels = &model.levels;
    let site = |server: LevelId| {
        let listen = levels
            .own(server, "listen")
            .map(|listen| listen.args.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" "));
        let mut shown = Vec::new();
        within(model, server, &mut |id| shown.push(level(model, id, sources, from)));
        Site { names: names(levels, server), listen: listen.collect(), levels: shown }
    };
    levels.of_kind(Kind::Server).map(site).collect()
}

fn within(model: &Model<'_>, id: LevelId, each: &mut dyn FnMut(LevelId)) {
    each(id);
    for &child in &model.levels.all[id].children {
        if matches!(model.levels.all[child].kind, Kind::Location | Kind::If | Kind::LimitExcept) {
            within(model, child, each);
        }
    }
}

fn level(model: &Model<'_>, id: LevelId, sources: &Sources, from: &Path) -> Shown {
    let levels = &model.levels;
    let written = |name: &str| -> Vec<String> {
        levels.held(id, name).directives.iter().map(|directive| sources.text(directive.values())).collect()
    };
    let text = match (Location::of(levels, id), levels.all[id].directive) {
        (Some(location), _) => format!("location {}", location.text()),
        (None, Some(directive)) => sources.text(directive.text()),
        (None, None) => String::new(),
    };
    let (path, line) = levels.place(id).map_or((None, None), |at| placed(at, sources, from));
    let limit = levels.text(id, "client_max_body_size").map_or(Some(1 << 20), size).filter(|limit| *limit > 0);
    let handler = levels.all[id].own.iter().find(|directive| {
        directive.name.ends_with("_pass") || matches!(&*directive.name, "return" | "try_files" | "stub_status")
    });
    let headers = levels.added(id, "add_header").directives;
    Shown {
        text,
        path,
        line,
        headers: headers.iter().map(|directive| sources.text(directive.values())).collect(),
        hidden: written("proxy_hide_header"),
        body_limit: limit,
        handler: handler.map(|directive| sources.text(directive.text())),
        log: written("access_log"),
    }
}
