//! Directives that `http`, servers, locations and `if` have in common.

use super::{Feature, Item, Maker, line, lines};

/// Where a directive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Http,
    Server,
    Location,
    If,
}

impl Maker {
    /// What is set here, each directive that may come once only once.
    pub(super) fn settings(&mut self, level: Level) -> Vec<Item> {
        let mut items = self.headers(level);
        if level != Level::If {
            items.extend(self.limits(level));
            items.extend(self.guards(level));
            items.extend(self.cache());
            items.extend(self.logs());
        }
        if matches!(level, Level::Server | Level::Location) {
            items.extend(self.rewrites(level));
        }
        if matches!(level, Level::Http | Level::Server) {
            items.extend(self.manners());
        }
        if !items.is_empty() && level != Level::If && self.here(Feature::Include, 15) {
            self.has(Feature::Include);
            let name = format!("snippets/part-{}.conf", self.number());
            let some = items.split_off(self.dice.below(items.len()));
            items.push(Item::Include(name.clone(), vec![(name, some)]));
        }
        items
    }

    /// How likely a feature comes at this level.
    fn share(level: Level) -> usize {
        match level {
            Level::Http => 30,
            Level::Server => 40,
            Level::Location => 45,
            Level::If => 40,
        }
    }

    fn several(&mut self, name: &str, of: &[&str], most: usize) -> Vec<Item> {
        (0..self.dice.between(1, most)).map(|_| line(format!("{name} {}", self.dice.pick(of)))).collect()
    }

    fn headers(&mut self, level: Level) -> Vec<Item> {
        let share = Maker::share(level);
        let mut items = Vec::new();
        if self.here(Feature::AddHeader, share) {
            self.has(Feature::AddHeader);
            for _ in 0..self.dice.between(1, 3) {
                let header = match self.variables.len() {
                    0 => self.dice.pick(&lines::ANSWER_HEADERS).to_owned(),
                    _ if self.dice.chance(70) => self.dice.pick(&lines::ANSWER_HEADERS).to_owned(),
                    _ => format!("X-Variable {}", self.dice.pick_of(&self.variables)),
                };
                let always = (self.wants(Feature::Always) || self.dice.chance(30)) && self.dice.chance(70);
                if always {
                    self.has(Feature::Always);
                }
                items.push(line(format!("add_header {header}{}", if always { " always" } else { "" })));
            }
            if self.dice.chance(3) {
                items.push(line("add_header X-Request-ID $request_id"));
            }
        }
        if self.here(Feature::Expires, share) {
            self.has(Feature::Expires);
            items.push(line(format!("expires {}", self.dice.pick(&["1h", "-1", "max", "epoch", "off", "30d"]))));
        }
        if level == Level::If {
            return items;
        }
        if self.here(Feature::SetHeader, share) {
            self.has(Feature::SetHeader);
            items.extend(self.several("proxy_set_header", &lines::ASKED_HEADERS, 3));
        }
        if self.here(Feature::HideHeader, share) {
            self.has(Feature::HideHeader);
            items.extend(self.several(
                "proxy_hide_header",
                &["X-Powered-By", "x-powered-by", "Set-Cookie", "X-Frame-Options", "X-Backend", "Cache-Control"],
                2,
            ));
        }
        if self.here(Feature::PassHeader, share) {
            self.has(Feature::PassHeader);
            items.extend(self.several("proxy_pass_header", &["Server", "X-Accel-Expires", "X-Pad", "X-Backend"], 2));
        }
        if self.here(Feature::CookieFlags, share) {
            self.has(Feature::CookieFlags);
            let flags = ["sid secure httponly samesite=lax", "~ secure", "~^th nohttponly samesite=strict", "* secure"];
            items.push(line(format!("proxy_cookie_flags {}", self.dice.pick(&flags))));
        }
        items
    }

    fn limits(&mut self, level: Level) -> Vec<Item> {
        let share = Maker::share(level);
        let mut items = Vec::new();
        if self.here(Feature::BodySize, share) {
            self.has(Feature::BodySize);
            let (written, bytes) =
                self.dice.pick_of(&[("10", 10), ("1k", 1024), ("8K", 8192), ("0", 0), ("64k", 65536)]);
            items.push(line(format!("client_max_body_size {written}")));
            self.limits.push(bytes);
        }
        if self.here(Feature::LimitReq, share) {
            self.has(Feature::LimitReq);
            items.push(line(self.dice.pick(&["limit_req zone=slow", "limit_req zone=slow burst=5 nodelay"])));
            items.push(line("limit_req_dry_run on"));
            if self.dice.chance(30) {
                items.push(line("limit_req_status 429"));
            }
        } else if self.here(Feature::LimitReq, 20) {
            items.push(line("limit_req zone=key burst=50 nodelay"));
        }
        items
    }

    fn guards(&mut self, level: Level) -> Vec<Item> {
        let share = match level {
            Level::Http => 8,
            Level::Server => 20,
            _ => 35,
        };
        let mut items = Vec::new();
        if self.here(Feature::Access, share) {
            self.has(Feature::Access);
            items.extend(self.dice.pick_of(&lines::ACCESS).iter().map(|rule| line(*rule)));
        }
        if self.here(Feature::AuthBasic, share) {
            self.has(Feature::AuthBasic);
            if self.dice.chance(20) {
                items.push(line("auth_basic off"));
            } else {
                items.push(line(self.dice.pick(&["auth_basic \"Members only\"", "auth_basic Area"])));
                items.push(line(self.dice.pick(&["auth_basic_user_file users", "auth_basic_user_file {DIR}/users"])));
            }
        }
        if self.here(Feature::Satisfy, share) {
            self.has(Feature::Satisfy);
            items.push(line(self.dice.pick(&["satisfy any", "satisfy all", "satisfy any"])));
        }
        if level == Level::Location && self.permission && self.dice.chance(50) {
            self.has(Feature::AuthRequest);
            items.push(line("auth_request /_auth"));
        }
        if level == Level::Location && self.here(Feature::Internal, 20) {
            self.has(Feature::Internal);
            items.push(line("internal"));
        }
        items
    }

    fn cache(&mut self) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        if !self.here(Feature::Cache, 45) {
            return items;
        }
        self.has(Feature::Cache);
        if self.dice.chance(85) {
            items.push(line(self.dice.pick(&["proxy_cache pages", "proxy_cache pages", "proxy_cache off"])));
        }
        let mut used: Vec<&str> = Vec::new();
        for _ in 0..self.dice.between(1, 4) {
            let text = self.dice.pick(&lines::CACHING);
            let name = text.split(' ').next().unwrap_or_default();
            if !used.contains(&name) {
                used.push(name);
                items.push(line(text));
            }
        }
        items
    }

    fn logs(&mut self) -> Vec<Item> {
        if !self.here(Feature::AccessLog, 35) {
            return Vec::new();
        }
        self.has(Feature::AccessLog);
        let condition = self.variables.first().cloned().unwrap_or_else(|| "$arg_a".to_owned());
        let count = if self.dice.chance(20) { 2 } else { 1 };
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(match self.dice.below(5) {
                0 => line("access_log off"),
                1 => line(format!("access_log {{DIR}}/logs/some.log main if={condition}")),
                2 => line("access_log {DIR}/logs/long.log long"),
                3 => line("access_log {DIR}/logs/other.log long"),
                _ => line("access_log {DIR}/logs/other.log main"),
            });
        }
        if self.dice.chance(15) {
            items.push(line(format!("error_log {{DIR}}/logs/error.log {}", self.dice.pick(&["warn", "crit", "info"]))));
        }
        items
    }

    fn rewrites(&mut self, level: Level) -> Vec<Item> {
        let mut items = Vec::new();
        if self.here(Feature::Set, 35) {
            self.has(Feature::Set);
            let value = self.dice.pick(&["1", "\"\"", "$arg_a", "\"${host}-$server_port\"", "a$uri"]);
            items.push(line(format!("set $own {value}")));
            items.push(line("add_header X-Own \"$own\""));
        }
        if self.here(Feature::Rewrite, if level == Level::Server { 25 } else { 30 }) {
            self.has(Feature::Rewrite);
            items.extend(self.several("rewrite", &lines::REWRITES, 2));
        }
        if self.here(Feature::ErrorPage, 45) {
            self.has(Feature::ErrorPage);
            for _ in 0..self.dice.between(1, 2) {
                let page = self.dice.pick(&lines::ERROR_PAGES);
                if self.named || !page.contains('@') {
                    items.push(line(format!("error_page {page}")));
                }
            }
            if self.dice.chance(40) {
                items.push(line("proxy_intercept_errors on"));
            }
            if self.dice.chance(15) {
                items.push(line("recursive_error_pages on"));
            }
        }
        if self.here(Feature::Index, 35) {
            self.has(Feature::Index);
            items.push(line(format!(
                "index {}",
                self.dice.pick(&["index.html", "x.txt index.html", "a.txt", "app.js"])
            )));
        }
        items
    }

    fn manners(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        if self.here(Feature::MergeSlashes, 60) {
            self.has(Feature::MergeSlashes);
            items.push(line(self.dice.pick(&["merge_slashes off", "merge_slashes on"])));
        }
        if self.here(Feature::Redirects, 60) {
            self.has(Feature::Redirects);
            let choices = ["absolute_redirect off", "port_in_redirect off", "server_name_in_redirect on"];
            items.push(line(self.dice.pick(&choices)));
        }
        if self.here(Feature::Tokens, 60) {
            self.has(Feature::Tokens);
            items.push(line(format!("server_tokens {}", self.dice.pick(&["off", "on", "build", "Off"]))));
        }
        items
    }
}
