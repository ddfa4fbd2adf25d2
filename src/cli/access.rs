//! How servers that run are reached: logins, certificates, timeouts.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hardline::audit::{MOST, Plan};
use hardline::inventory::{self, Server};
use hardline::platform::redis::live::connect::Tls;
use hardline::platform::redis::live::target::{Limits, Login};
use hardline::project::Trouble;

use super::Failure;

#[derive(Args)]
pub(super) struct Access {
    #[command(flatten)]
    login: Credentials,
    #[command(flatten)]
    tls: Security,
    /// How long a connection may take to be made, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 3000)]
    connect_timeout: u64,
    /// How long a server may keep silent in the middle of an answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5000)]
    read_timeout: u64,
    /// How long all of one server may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15000)]
    timeout: u64,
    /// How many servers are asked at a time
    #[arg(long, value_name = "COUNT", default_value_t = MOST)]
    connections: usize,
}

/// With what to log in where a URL says nothing. The password is in REDISCLI_AUTH, or comes on standard input.
#[derive(Args)]
struct Credentials {
    /// The user to log in as
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Logs in to servers that only another server told of, too
    #[arg(long)]
    login_members: bool,
}

#[derive(Args)]
struct Security {
    /// The certificates of the authorities to trust, instead of this machine's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The certificate to show to the server
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The name that certificates are to have, instead of the host's
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Sends the password to a server whose certificate is not trusted, too
    #[arg(long)]
    insecure: bool,
}

impl Access {
    /// How these are to be asked.
    pub(super) fn plan(&self, servers: Vec<Server>) -> Plan {
        let milliseconds = |count: u64| Duration::from_millis(count.max(1));
        let limits = Limits {
            connect: milliseconds(self.connect_timeout),
            read: milliseconds(self.read_timeout),
            whole: milliseconds(self.timeout),
            ..Limits::default()
        };
        Plan { servers, limits, connections: self.connections, keys: None }
    }

    /// With what servers are reached whose URL says no more.
    pub(super) fn read(&self) -> Result<inventory::Access, Failure> {
        let Security { ca, cert, key, server_name, insecure } = &self.tls;
        let (ca, cert, key, server_name) = (ca.clone(), cert.clone(), key.clone(), server_name.clone());
        let tls = Arc::new(Tls { ca, cert, key, server_name, insecure: *insecure });
        Ok(inventory::Access { login: self.login.read()?, tls, login_members: self.login.login_members })
    }

    /// The servers of an inventory, if there is one. `wrong` gets what is wrong with it.
    pub(super) fn listed(&self, inventory: Option<&Path>, wrong: &mut Vec<String>) -> Vec<Server> {
        let mut listed = inventory.map_or(Ok(Vec::new()), inventory::read).unwrap_or_else(|lines| {
            wrong.extend(lines);
            Vec::new()
        });
        listed.iter_mut().for_each(|server| server.login_members |= self.login.login_members);
        listed
    }
}

impl Credentials {
    fn read(&self) -> Result<Option<Login>, Failure> {
        let password = match self.password_stdin {
            true => {
                let mut line = String::new();
                io::stdin().lock().read_line(&mut line)?;
                Some(line.trim_end_matches(['\r', '\n']).to_owned())
            }
            false => std::env::var("REDISCLI_AUTH").ok().filter(|password| !password.is_empty()),
        };
        if self.user.is_some() && password.is_none() {
            return Err(Trouble::line("--user needs a password: in REDISCLI_AUTH, or with --password-stdin").into());
        }
        Ok(password.map(|password| Login { user: self.user.clone(), password }))
    }
}
