//! Which servers there are, and how to log in to them: a TOML file of groups. Passwords are never in it, only where they
//! come from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde::Deserialize;

use crate::platform::group::expect::Expected;
use crate::platform::redis::live::connect::Tls;
use crate::platform::redis::live::target::{Login, Target};

/// A server that is to be audited.
#[derive(Debug, Clone)]
pub struct Server {
    /// The server.
    pub target: Target,
    /// With what the connection is secured.
    pub tls: Arc<Tls>,
    /// The group that it is in, and who answers for that: `shop-cache, production, @platform`.
    pub group: Option<Arc<str>>,
    /// Which environment that is part of.
    pub environment: Option<Arc<str>>,
    /// Whether servers that it tells of get the login, whatever they prove.
    pub login_members: bool,
    /// What is expected of that group.
    pub expected: Option<Arc<Expected>>,
}

/// With what servers are reached whose URL says no more.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// With what to log in where the URL does not say it.
    pub login: Option<Login>,
    /// With what connections are secured.
    pub tls: Arc<Tls>,
    /// Whether servers that these tell of get the login, whatever they prove.
    pub login_members: bool,
}

impl Access {
    /// The server at a URL.
    ///
    /// # Errors
    /// What is wrong with the URL, without what may be a password.
    pub fn server(&self, url: &str) -> Result<Server, String> {
        let target = Target::parse(url)?;
        let target = Target { login: target.login.or_else(|| self.login.clone()), ..target };
        let (tls, login_members) = (Arc::clone(&self.tls), self.login_members);
        Ok(Server { target, tls, group: None, environment: None, login_members, expected: None })
    }
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: BTreeMap<String, Group>,
}

/// `[group.NAME]`: servers that are reached in the same way.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Group {
    /// URLs.
    targets: Vec<String>,
    /// Which environment it is part of.
    environment: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// The user to log in as.
    user: Option<String>,
    /// The environment variable that holds the password.
    password_env: Option<String>,
    /// The file whose first line is the password.
    password_file: Option<PathBuf>,
    /// The program that prints the password, and its arguments.
    password_command: Option<Vec<String>>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    server_name: Option<String>,
    insecure: bool,
    login_members: bool,
    /// What it is made of.
    expect: Option<Expected>,
}

/// Reads an inventory. Paths in it count from its folder.
///
/// # Errors
/// All mistakes, one line each; none has a password.
pub fn read(path: &Path) -> Result<Vec<Server>, Vec<String>> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| vec![format!("{shown}: {error}")])?;
    parse(&text, &shown.to_string(), path.parent().unwrap_or(Path::new("")))
}

/// The servers of an inventory with this text in this folder. `shown` is what mistakes call it.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, shown: &str, folder: &Path) -> Result<Vec<Server>, Vec<String>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        vec![format!("{shown}:{line}: {}", error.message().replace('\n', " "))]
    })?;
    let (mut servers, mut wrong) = (Vec::new(), Vec::new());
    for (name, group) in &file.group {
        let mut note = |why: String| wrong.push(format!("{shown}: group `{name}`: {why}"));
        if group.targets.is_empty() {
            note("it has no `targets`".to_owned());
        }
        let login = group.login(folder).unwrap_or_else(|why| {
            note(why);
            None
        });
        let (tls, label) = (Arc::new(group.tls(folder)), Arc::from(group.label(name)));
        let environment = group.environment.as_deref().map(Arc::from);
        let expected = group.expect.clone().map(|expected| Arc::new(Expected { name: name.clone(), ..expected }));
        for (number, url) in group.targets.iter().enumerate() {
            match Target::parse(url) {
                Ok(target) => {
                    let target = Target { login: target.login.or_else(|| login.clone()), ..target };
                    let (tls, label, environment) = (Arc::clone(&tls), Some(Arc::clone(&label)), environment.clone());
                    let login_members = group.login_members;
                    servers.push(Server {
                        target,
                        tls,
                        group: label,
                        environment,
                        login_members,
                        expected: expected.clone(),
                    });
                }
                Err(why) => note(format!("target {}: {why}", number + 1)),
            }
        }
    }
    if wrong.is_empty() { Ok(servers) } else { Err(wrong) }
}

impl Group {
    fn label(&self, name: &str) -> String {
        let parts = [Some(name), self.environment.as_deref(), self.owner.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn tls(&self, folder: &Path) -> Tls {
        let at = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        Tls {
            ca: at(&self.ca),
            cert: at(&self.cert),
            key: at(&self.key),
            server_name: self.server_name.clone(),
            insecure: self.insecure,
        }
    }

    fn login(&self, folder: &Path) -> Result<Option<Login>, String> {
        let password = match (&self.password_env, &self.password_file, &self.password_command) {
            (None, None, None) if self.user.is_some() => {
                return Err("a `user` without `password_env`, `password_file` or `password_command`".to_owned());
            }
            (None, None, None) => return Ok(None),
            (Some(name), None, None) => std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?,
            (None, Some(path), None) => {
                fs::read_to_string(folder.join(path)).map_err(|error| format!("{}: {error}", path.display()))?
            }
            (None, None, Some(words)) => printed(words)?,
            _ => return Err("more than one of `password_env`, `password_file` and `password_command`".to_owned()),
        };
        let password = password.lines().next().unwrap_or_default().to_owned();
        if password.is_empty() {
            return Err("the password is empty".to_owned());
        }
        Ok(Some(Login { user: self.user.clone(), password }))
    }
}

/// What a program prints.
fn printed(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("an empty `password_command`")?;
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let run = run.map_err(|error| format!("{program}: {error}"))?;
    if !run.status.success() {
        return Err(format!("{program}: {}", run.status));
    }
    String::from_utf8(run.stdout).map_err(|_| format!("{program} prints no text"))
}
