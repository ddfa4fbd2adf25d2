//! What variables say (ngx_http_variables.c, ngx_http_map_module.c, ngx_http_geo_module.c and
//! ngx_http_split_clients_module.c, 1.22.1).

use std::net::IpAddr;

use super::run::Run;
use crate::fact::{Unknown, Why};
use crate::platform::nginx::pattern;
use crate::platform::nginx::value::{Piece, pieces};

/// How deep variables may be made of each other.
const DEEPEST: usize = 16;

/// A text that is known, or why it is not.
#[derive(Debug, Clone)]
pub enum Text {
    /// It is this.
    Known(String),
    /// It cannot be told.
    Unknown(Unknown),
}

impl Text {
    /// The text, where it is known.
    pub fn known(&self) -> Option<&str> {
        match self {
            Text::Known(text) => Some(text),
            Text::Unknown(_) => None,
        }
    }

    /// Whether both are known and the same, or both unknown for one reason.
    pub fn same(&self, other: &Text) -> bool {
        match (self, other) {
            (Text::Known(a), Text::Known(b)) => a == b,
            (Text::Unknown(a), Text::Unknown(b)) => a.why == b.why && a.at == b.at,
            _ => false,
        }
    }
}

impl<'a> Run<'a> {
    /// A value with its variables resolved.
    pub fn value(&mut self, value: &str) -> Text {
        let mut out = String::new();
        for piece in pieces(value) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Capture(number) => out.push_str(self.captures.get(number).map_or("", String::as_str)),
                Piece::Variable(name) => match self.variable(&name) {
                    Text::Known(text) => out.push_str(&text),
                    unknown => return unknown,
                },
            }
        }
        Text::Known(out)
    }

    pub fn runtime(&self, name: &str) -> Text {
        Text::Unknown(Unknown::new(Why::NotSupported, self.here(), format!("the value of ${name} while running")))
    }

    /// What a variable says now.
    pub fn variable(&mut self, name: &str) -> Text {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        if let Some(made) = self.model.made.get(name) {
            if self.depth >= DEEPEST {
                return Text::Known(String::new());
            }
            self.depth += 1;
            let value = self.made(made);
            self.depth -= 1;
            let volatile = made.lines.iter().any(|line| *line.name == *"volatile");
            if !volatile {
                self.variables.insert(name.to_owned(), value.clone());
            }
            return value;
        }
        match self.of_request(name) {
            Some(text) => text,
            None if self.model.sets.contains_key(name) => Text::Known(String::new()),
            None => self.runtime(name),
        }
    }

    fn of_request(&mut self, name: &str) -> Option<Text> {
        let request = self.request;
        let known = |text: &str| Some(Text::Known(text.to_owned()));
        match name {
            "uri" | "document_uri" => known(&self.path),
            "args" | "query_string" => known(&self.args),
            "is_args" => known(if self.args.is_empty() { "" } else { "?" }),
            "request_uri" => known(&self.target.raw),
            "request_method" => known(&self.method),
            "request" => Some(Text::Known(format!("{} {} HTTP/1.1", request.method, self.target.raw))),
            "server_protocol" => known("HTTP/1.1"),
            "scheme" => known(if request.tls { "https" } else { "http" }),
            "https" => known(if request.tls { "on" } else { "" }),
            "host" => Some(Text::Known(self.host())),
            "http_host" => known(&request.host),
            "server_name" => Some(Text::Known(self.primary_name())),
            "server_port" => Some(Text::Known(request.port.to_string())),
            "server_addr" => request.address.map(|address| Text::Known(address.to_string())),
            "remote_addr" => self.client().map(|client| Text::Known(client.to_string())),
            "realip_remote_addr" => request.client.map(|client| Text::Known(client.to_string())),
            "content_length" => {
                Some(Text::Known(request.content_length.map_or_else(String::new, |length| length.to_string())))
            }
            "content_type" => Some(Text::Known(request.header("content-type").next().unwrap_or_default().to_owned())),
            "remote_user" if request.header("authorization").next().is_none() => known(""),
            "http_cookie" => Some(Text::Known(request.header("cookie").collect::<Vec<_>>().join("; "))),
            "http_x_forwarded_for" => {
                Some(Text::Known(request.header("x-forwarded-for").collect::<Vec<_>>().join(", ")))
            }
            "document_root" => self.root_text(),
            "request_filename" => self.file_of(&self.path.clone()),
            "fastcgi_script_name" => Some(self.script().0),
            "fastcgi_path_info" => Some(self.script().1),
            "nginx_version" => Some(Text::Known(self.model.version.to_string())),
            "proxy_host" | "proxy_port" => self.of_proxy(name),
            "proxy_add_x_forwarded_for" => {
                let forwarded = request.header("x-forwarded-for").collect::<Vec<_>>().join(", ");
                let client = self.client()?;
                Some(Text::Known(match forwarded.is_empty() {
                    true => client.to_string(),
                    false => format!("{forwarded}, {client}"),
                }))
            }
            "sent_http_content_type" => self.content_type.clone(),
            "ssl_protocol" | "ssl_cipher" | "ssl_client_cert" if !request.tls => known(""),
            "invalid_referer" => None,
            _ => self.by_prefix(name),
        }
    }

    /// The path of a script and what is behind it (`ngx_http_fastcgi_split`).
    fn script(&self) -> (Text, Text) {
        let (split, index) = (self.held("fastcgi_split_path_info"), self.held("fastcgi_index"));
        let (split, index) = match (split, index) {
            (Err(unknown), _) | (_, Err(unknown)) => return (Text::Unknown(unknown.clone()), Text::Unknown(unknown)),
            (Ok(split), Ok(index)) => (split, index),
        };
        let found = match split.map(|pattern| pattern::find(pattern, false, &self.path)) {
            Some(None) => return (self.runtime("fastcgi_script_name"), self.runtime("fastcgi_path_info")),
            Some(Some(found)) => found,
            None => None,
        };
        let part = |number: usize| found.as_ref().map(|found| found.groups.get(number).cloned().unwrap_or_default());
        let mut name = part(1).unwrap_or_else(|| self.path.clone());
        if name.ends_with('/') {
            name.push_str(index.unwrap_or_default());
        }
        (Text::Known(name), Text::Known(part(2).unwrap_or_default()))
    }

    /// The argument of a directive that holds here, or why that is not known.
    fn held(&self, name: &str) -> Result<Option<&'a str>, Unknown> {
        let held = self.model.levels.held(self.level, name);
        match held.doubt.or_else(|| held.directives.last().and_then(|directive| directive.unfilled())) {
            Some(unknown) => Err(unknown),
            None => Ok(held.directives.last().map(|directive| directive.arg(0))),
        }
    }

    fn by_prefix(&mut self, name: &str) -> Option<Text> {
        let dashed = |name: &str| name.replace('_', "-");
        if let Some(header) = name.strip_prefix("http_") {
            let mut values = self.request.header(&dashed(header)).map(str::to_owned).collect::<Vec<_>>();
            if values.len() > 1 && !self.model.version.joins_headers() {
                values.truncate(1);
            }
            return Some(Text::Known(values.join(", ")));
        }
        if let Some(cookie) = name.strip_prefix("cookie_") {
            return Some(Text::Known(self.cookie(cookie)));
        }
        if let Some(arg) = name.strip_prefix("arg_") {
            return Some(Text::Known(argument(&self.args, arg)));
        }
        if let Some(header) = name.strip_prefix("upstream_http_") {
            if self.upstream.is_none() {
                return Some(Text::Known(String::new()));
            }
            let name = dashed(header);
            let first = self.backend.header(&name).next().unwrap_or_default();
            return Some(Text::Known(first.to_owned()));
        }
        if let Some(header) = name.strip_prefix("sent_http_") {
            let name = dashed(header);
            let found: Vec<&Text> = self
                .headers
                .iter()
                .filter(|sent| sent.name.eq_ignore_ascii_case(&name))
                .map(|sent| &sent.value)
                .collect();
            return match found.first() {
                None if matches!(&*name, "content-length" | "date" | "connection" | "last-modified" | "etag") => None,
                None => Some(Text::Known(String::new())),
                Some(first) => Some((*first).clone()),
            };
        }
        None
    }

    /// A cookie (`ngx_http_parse_multi_header_lines`): the first of that name, whatever its case.
    fn cookie(&self, name: &str) -> String {
        for line in self.request.header("cookie") {
            for part in line.split(';') {
                let Some((key, value)) = part.trim_start_matches(' ').split_once('=') else { continue };
                if key.trim_end_matches(' ').eq_ignore_ascii_case(name) {
                    return value.trim_start_matches(' ').to_owned();
                }
            }
        }
        String::new()
    }

    /// The name of the host that the request is for, or the server's first name.
    pub fn host(&self) -> String {
        let host = self.request.host_name();
        if host.is_empty() { self.primary_name() } else { host }
    }

    /// The first name of the server.
    pub fn primary_name(&self) -> String {
        let name = crate::platform::nginx::listen::names(&self.model.levels, self.server).swap_remove(0);
        name.trim_start_matches('.').to_ascii_lowercase()
    }

    /// The client's address, as `realip` makes it.
    pub fn client(&mut self) -> Option<IpAddr> {
        let client = self.request.client?;
        let levels = &self.model.levels;
        let trusted = levels.held(self.server, "set_real_ip_from");
        if trusted.directives.is_empty() {
            return Some(client);
        }
        let trusts = |address: IpAddr| {
            trusted.directives.iter().any(|directive| in_network(directive.arg(0), address).is_some())
        };
        if !trusts(client) {
            return Some(client);
        }
        let header = levels.text(self.server, "real_ip_header").unwrap_or("X-Real-IP").to_owned();
        let recursive = levels.flag(self.server, "real_ip_recursive", false);
        let values: Vec<&str> = self.request.header(&header).flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut found = client;
        for value in values.iter().rev() {
            let Ok(address) = value.parse() else { break };
            found = address;
            if !(recursive && header.eq_ignore_ascii_case("x-forwarded-for") && trusts(address)) {
                break;
            }
        }
        Some(found)
    }
}

/// How many bits of an address a network fixes, if the address is in it (`ngx_ptocidr`, `ngx_cidr_match`).
pub fn in_network(network: &str, address: IpAddr) -> Option<u8> {
    let (base, bits) = network.split_once('/').unwrap_or((network, ""));
    let base: IpAddr = base.parse().ok()?;
    let address = match (base, address) {
        (IpAddr::V4(_), IpAddr::V6(v6)) => v6.to_ipv4_mapped().map(IpAddr::V4)?,
        (_, address) => address,
    };
    let (base, address, most): (u128, u128, u8) = match (base, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.into(), b.into(), 128),
        _ => return None,
    };
    let bits = if bits.is_empty() { most } else { bits.parse().ok().filter(|bits| *bits <= most)? };
    let shift = u32::from(most - bits);
    let same = shift >= 128 || base >> shift == address >> shift;
    (bits == 0 || same).then_some(bits)
}

/// The value of an argument of a query (`ngx_http_arg`): the first of that name, whatever its case.
fn argument(query: &str, name: &str) -> String {
    let parts = query.split('&').filter_map(|part| part.split_once('='));
    let mut found = parts.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found.next().map_or_else(String::new, |(_, value)| value.to_owned())
}
