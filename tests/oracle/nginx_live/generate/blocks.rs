//! `http`, servers and locations.

use super::settings::Level;
use super::{Feature, Item, Maker, block, line, lines};

impl Maker {
    pub(super) fn http(&mut self) -> Vec<Item> {
        let mut http = self.definitions();
        if self.wants(Feature::AccessLog) {
            http.push(line("log_format long escape=none '$server_name|$remote_addr|\"$request\"|$http_user_agent'"));
        }
        http.extend(self.settings(Level::Http));
        let servers =
            if self.wants(Feature::Servers) || self.wants(Feature::IncludeGlob) { self.dice.between(2, 4) } else { 1 };
        if servers > 1 {
            self.has(Feature::Servers);
        }
        let default = self.here(Feature::DefaultServer, 100).then(|| self.dice.below(servers));
        let style = self.dice.pick(&["{PORT}", "127.0.0.1:{PORT}", "*:{PORT}"]);
        let mut blocks = Vec::new();
        for number in 0..servers {
            blocks.push(self.server(number, default == Some(number), style));
        }
        if default.is_some() {
            self.has(Feature::DefaultServer);
        }
        if servers > 1 && self.here(Feature::IncludeGlob, 95) {
            self.has(Feature::IncludeGlob);
            let last = blocks.pop().into_iter().collect();
            let first = std::mem::take(&mut blocks);
            let files = vec![("sites/10-first.conf".to_owned(), first), ("sites/9-last.conf".to_owned(), last)];
            http.push(Item::Include(self.dice.pick(&["sites/*.conf", "{DIR}/sites/*.conf"]).to_owned(), files));
        } else {
            http.extend(blocks);
        }
        http
    }

    /// What servers refer to: zones, maps, upstreams.
    fn definitions(&mut self) -> Vec<Item> {
        let mut items = vec![block("upstream backend", vec![line("server 127.0.0.1:{UP}")])];
        if self.wants(Feature::LimitReq) {
            items.push(line("limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m"));
            items.push(line("limit_req_zone $http_x_api_key zone=key:1m rate=1r/s"));
        }
        if self.wants(Feature::Cache) {
            items.push(line(
                "proxy_cache_path {DIR}/cache levels=1:2 keys_zone=pages:1m inactive=10m use_temp_path=off",
            ));
        }
        if self.wants(Feature::Map) {
            self.has(Feature::Map);
            let (source, name, lines): (&str, &str, &[&str]) = self.dice.pick_of(&[
                ("$http_origin", "$cors", &["default \"\"", "\"~^https://([a-z]+\\.)?shop\\.example$\" $http_origin"]),
                ("$uri", "$mapped", &["default plain", "/a.html page", "~^/api/ api", "~*\\.PHP$ script"]),
                ("$request_method", "$mapped", &["default 0", "POST 1", "~^(PUT|DELETE)$ $1"]),
                ("$host", "$mapped", &["hostnames", "default other", "*.example any", "shop.example shop", "shop.* s"]),
                ("$cookie_sid", "$mapped", &["default 1", "\"\" 0", "alice \"\""]),
                ("$sent_http_content_type", "$mapped", &["~*text/html DENY"]),
            ]);
            items.push(block(format!("map {source} {name}"), lines.iter().map(|text| line(*text)).collect()));
            self.variables.push(name.to_owned());
        }
        if self.wants(Feature::Geo) {
            self.has(Feature::Geo);
            let lines = ["default far", "127.0.0.0/8 near", "10.0.0.0/8 inner", "127.0.0.2 never"];
            items.push(block("geo $where", lines.map(line).into()));
            self.variables.push("$where".to_owned());
        }
        if self.wants(Feature::SplitClients) {
            self.has(Feature::SplitClients);
            let source = self.dice.pick(&["$remote_addr", "\"${host}x\"", "$arg_a"]);
            let lines = ["50% one", "25.5% two", "* three"];
            items.push(block(format!("split_clients {source} $variant"), lines.map(line).into()));
            self.variables.push("$variant".to_owned());
        }
        items
    }

    fn server(&mut self, number: usize, default: bool, listen: &str) -> Item {
        self.named = self.here(Feature::Named, 90);
        self.permission = self.here(Feature::AuthRequest, 80);
        let parameters = if default { " default_server" } else { "" };
        let mut items = vec![line(format!("listen {listen}{parameters}"))];
        if self.dice.chance(15) {
            self.second = true;
            items.push(line("listen 127.0.0.1:{PORT2}"));
        }
        items.extend(self.names(number));
        items.extend(self.settings(Level::Server));
        if !self.wants(Feature::Static) || self.dice.chance(60) {
            items.push(line("root {DIR}/site"));
        }
        if self.here(Feature::IfInServer, 60) {
            self.has(Feature::IfInServer);
            let body = match self.dice.below(3) {
                0 => line(format!("return {}", self.dice.pick(&lines::RETURNS))),
                1 => line(format!("rewrite {}", self.dice.pick(&lines::REWRITES))),
                _ => line("set $flag 1"),
            };
            items.push(block(format!("if ({})", self.dice.pick(&lines::CONDITIONS)), vec![body]));
        }
        let mut locations = self.locations();
        if self.here(Feature::Include, 60) {
            self.has(Feature::Include);
            let name = format!("snippets/locations-{}.conf", self.number());
            let some = locations.split_off(locations.len() / 2);
            locations.push(Item::Include(name.clone(), vec![(name, some)]));
        }
        items.extend(locations);
        block("server", items)
    }

    fn names(&mut self, number: usize) -> Vec<Item> {
        let mut names = Vec::new();
        let (mut name, mut host) = lines::NAMES[number % lines::NAMES.len()];
        if self.here(Feature::WildcardName, 50) {
            self.has(Feature::WildcardName);
            (name, host) = lines::WILDCARDS[(number + self.dice.below(2)) % lines::WILDCARDS.len()];
        } else if self.here(Feature::RegexName, 60) {
            self.has(Feature::RegexName);
            (name, host) = lines::PATTERNS[(number + self.dice.below(2)) % lines::PATTERNS.len()];
        }
        self.hosts.push(host.to_owned());
        if !self.dice.chance(8) {
            names.push(line(format!("server_name {name}")));
        }
        names
    }

    fn locations(&mut self) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        let mut heads: Vec<String> = Vec::new();
        if self.dice.chance(85) {
            heads.push("/".to_owned());
        }
        for _ in 0..self.dice.between(1, 3) {
            let prefix = self.dice.pick(&lines::PREFIXES);
            let stops = self.here(Feature::NoRegex, 50);
            if stops {
                self.has(Feature::NoRegex);
            }
            heads.push(if stops { format!("^~ {prefix}") } else { prefix.to_owned() });
        }
        if self.here(Feature::Exact, 70) {
            self.has(Feature::Exact);
            heads.push(format!("= {}", self.dice.pick(&lines::EXACTS)));
        }
        if self.wants(Feature::Regex) {
            self.has(Feature::Regex);
            for _ in 0..self.dice.between(1, 2) {
                heads.push(self.dice.pick(&lines::REGEXES).to_owned());
            }
        }
        let mut seen: Vec<String> = Vec::new();
        for head in heads {
            // `^~ /x` and `/x` are one location, and regular expressions never are.
            let path = head.rsplit(' ').next().unwrap_or_default().to_owned();
            let kind = if head.starts_with(['=', '~']) { head.clone() } else { path.clone() };
            if !seen.contains(&kind) {
                seen.push(kind);
                items.push(self.location(&head, 0));
            }
        }
        if self.named {
            self.has(Feature::Named);
            let mut body = self.settings(Level::Location);
            body.push(self.dice.pick_of(&[
                line("return 200 denied"),
                line("return 404"),
                line("proxy_pass http://backend"),
                line("root {DIR}/alt"),
            ]));
            items.push(block("location @denied", body));
        }
        if self.permission {
            let code = self.dice.pick(&["204", "200", "403", "401"]);
            items.push(block("location = /_auth", vec![line("internal"), line(format!("return {code}"))]));
        }
        if self.dice.chance(50) {
            let at = self.dice.below(items.len());
            let last = items.len() - 1;
            items.swap(at, last);
        }
        items
    }

    /// A location with what answers in it.
    fn location(&mut self, head: &str, depth: usize) -> Item {
        let path = head.rsplit(' ').next().unwrap_or_default().trim_matches(['"', '\'']).to_owned();
        let ways: &[&str] = match lines::REGEX_TARGETS.iter().find(|(written, _)| *written == head) {
            Some((_, target)) => &[target],
            None if head.starts_with('=') => &[&path],
            None => &["", "x", "a.txt", "index.html", "x?a=1"],
        };
        let way = self.dice.pick(ways).to_owned();
        self.targets.push(if way.starts_with('/') { way } else { format!("{path}{way}") });
        let plain = !head.starts_with('~');
        let mut items = self.settings(Level::Location);
        items.extend(self.handler(&path, head));
        if self.here(Feature::If, 45) {
            self.has(Feature::If);
            items.push(self.condition());
        }
        if self.here(Feature::LimitExcept, 25) {
            self.has(Feature::LimitExcept);
            let rules = self.dice.pick_of(&lines::ACCESS).iter().map(|rule| line(*rule)).collect();
            items.push(block(format!("limit_except {}", self.dice.pick(&["GET", "GET POST", "POST"])), rules));
        }
        if plain && !head.starts_with('=') && depth < 2 && self.here(Feature::Nested, 45) {
            self.has(Feature::Nested);
            let inner = match self.dice.below(3) {
                0 => self.dice.pick(&lines::REGEXES).to_owned(),
                1 => format!("{path}{}", if path.ends_with('/') { "inner/" } else { "/inner/" }),
                _ => format!("= {path}{}", if path.ends_with('/') { "one" } else { "/one" }),
            };
            items.push(self.location(&inner, depth + 1));
        }
        block(format!("location {head}"), items)
    }

    fn handler(&mut self, path: &str, head: &str) -> Vec<Item> {
        let mut items = Vec::new();
        if self.here(Feature::TryFiles, 30) {
            self.has(Feature::TryFiles);
            let last = match self.dice.below(5) {
                0 if self.named => "@denied",
                1 => "=404",
                2 => "=403",
                3 => "/index.html?$args",
                _ => "/a.html",
            };
            items.push(line(format!("try_files {} {last}", self.dice.pick(&["$uri", "$uri $uri/", "$uri.html"]))));
        }
        let proxies = [Feature::Proxy, Feature::ProxyUri, Feature::ProxyVariable, Feature::Cache, Feature::SetHeader];
        let share = if proxies.iter().any(|feature| self.wants(*feature)) { 60 } else { 25 };
        if self.dice.chance(share) {
            items.extend(self.proxy(head));
        } else if self.here(Feature::Return, 40) {
            self.has(Feature::Return);
            items.push(line(format!("return {}", self.dice.pick(&lines::RETURNS))));
        } else if self.here(Feature::Alias, 50) && !head.starts_with('~') {
            self.has(Feature::Alias);
            let end = if path.ends_with('/') && self.dice.chance(80) { "/" } else { "" };
            items.push(line(format!("alias {{DIR}}/{}{end}", self.dice.pick(&["alt", "site/static"]))));
        } else if self.here(Feature::Static, 60) {
            self.has(Feature::Static);
            items.push(line(self.dice.pick(&["root {DIR}/site", "root {DIR}/alt", "root \"{DIR}/site\""])));
        }
        items
    }

    fn proxy(&mut self, head: &str) -> Vec<Item> {
        self.has(Feature::Proxy);
        let uri = !head.starts_with('~') && self.here(Feature::ProxyUri, 50);
        if uri {
            self.has(Feature::ProxyUri);
            let uri = self.dice.pick(&["/", "/v2/", "/x?b=2"]);
            return vec![line(format!("proxy_pass http://127.0.0.1:{{UP}}{uri}"))];
        }
        if self.here(Feature::ProxyVariable, 50) {
            self.has(Feature::ProxyVariable);
            return match self.dice.below(3) {
                0 => vec![line("proxy_pass http://127.0.0.1:{UP}$request_uri")],
                1 => vec![line("set $target backend"), line("proxy_pass http://$target")],
                _ => vec![line("proxy_pass http://backend/$is_args$args")],
            };
        }
        vec![line(self.dice.pick(&["proxy_pass http://127.0.0.1:{UP}", "proxy_pass http://backend"]))]
    }

    /// An `if` of a location.
    fn condition(&mut self) -> Item {
        let condition = match self.variables.first() {
            Some(name) if self.dice.chance(30) => name.clone(),
            _ => self.dice.pick(&lines::CONDITIONS).to_owned(),
        };
        let mut body = if self.dice.chance(50) { self.settings(Level::If) } else { Vec::new() };
        match self.dice.below(5) {
            0 | 1 => body.push(line(format!("return {}", self.dice.pick(&lines::RETURNS)))),
            2 => body.push(line(format!("rewrite {}", self.dice.pick(&lines::REWRITES)))),
            3 => body.push(line("proxy_pass http://backend")),
            _ => {}
        }
        block(format!("if ({condition})"), body)
    }
}
