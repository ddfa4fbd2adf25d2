//! A configuration as a tree that can lose any part, and the files that it is written into.

use std::collections::BTreeMap;

/// A part of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A directive as it is written, with its `;`.
    Line(String),
    /// What stands before `{`, and what stands in the block.
    Block(String, Vec<Item>),
    /// The argument of `include`, and the files that it brings.
    Include(String, Vec<(String, Vec<Item>)>),
}

/// A directive.
pub fn line(text: impl Into<String>) -> Item {
    Item::Line(format!("{};", text.into()))
}

/// A block.
pub fn block(head: impl Into<String>, items: Vec<Item>) -> Item {
    Item::Block(head.into(), items)
}

/// What the main file starts with: paths that need no installation, and a debug log of every connection, from which the
/// location is read; a log that tells the server;
/// a root that is there.
const PREAMBLE: &str = "\
daemon off;
master_process off;
worker_processes 1;
pid {DIR}/nginx.pid;
error_log {DIR}/logs/error.log;
events {
    worker_connections 64;
    debug_connection 127.0.0.1;
}
http {
    client_body_temp_path {DIR}/tmp/body;
    proxy_temp_path {DIR}/tmp/proxy;
    fastcgi_temp_path {DIR}/tmp/fastcgi;
    uwsgi_temp_path {DIR}/tmp/uwsgi;
    scgi_temp_path {DIR}/tmp/scgi;
    log_format main escape=none '$server_name|$uri|$status';
    access_log {DIR}/logs/access.log main;
    root {DIR}/site;
";

/// What the main file is called.
pub const MAIN: &str = "nginx.conf";

/// The files of a configuration whose `http` block has these items.
pub fn files(http: &[Item]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut main = PREAMBLE.to_owned();
    write(http, 1, &mut main, &mut files);
    main.push_str("}\n");
    files.insert(MAIN.to_owned(), main);
    files
}

fn write(items: &[Item], depth: usize, text: &mut String, files: &mut BTreeMap<String, String>) {
    let indent = "    ".repeat(depth);
    for item in items {
        match item {
            Item::Line(line) => text.push_str(&format!("{indent}{line}\n")),
            Item::Block(head, items) => {
                text.push_str(&format!("{indent}{head} {{\n"));
                write(items, depth + 1, text, files);
                text.push_str(&format!("{indent}}}\n"));
            }
            Item::Include(pattern, included) => {
                text.push_str(&format!("{indent}include {pattern};\n"));
                for (name, items) in included {
                    let mut text = String::new();
                    write(items, 0, &mut text, files);
                    files.insert(name.clone(), text);
                }
            }
        }
    }
}

/// Whether this is still a configuration to learn from: it has a server, none listens where nobody told it to, and the
/// upstream that is named is there.
pub fn makes_sense(http: &[Item]) -> bool {
    let mut files = files(http);
    let main = files.remove(MAIN).unwrap_or_default();
    let text: String = std::iter::once(main).chain(files.into_values()).collect();
    let servers = text.matches("server {\n").count();
    let upstream = text.contains("upstream backend") || !text.contains("backend");
    servers > 0 && upstream && text.split("server {\n").skip(1).all(|server| server.contains("{PORT}"))
}

/// Every configuration that lacks one part of this, or has an include's lines in its place, the large parts first.
pub fn smaller(items: &[Item]) -> Vec<Vec<Item>> {
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut without = items.to_vec();
        without.remove(at);
        all.push(without);
    }
    for (at, item) in items.iter().enumerate() {
        let with = |replaced: Vec<Item>| {
            let mut changed = items.to_vec();
            changed.splice(at..=at, replaced);
            changed
        };
        match item {
            Item::Line(_) => {}
            Item::Block(head, inner) => {
                all.extend(smaller(inner).into_iter().map(|inner| with(vec![block(head.clone(), inner)])));
            }
            Item::Include(..) => all.push(with(inlined(item))),
        }
    }
    all
}

fn inlined(item: &Item) -> Vec<Item> {
    match item {
        Item::Include(_, files) => files.iter().flat_map(|(_, items)| items.clone()).collect(),
        other => vec![other.clone()],
    }
}
