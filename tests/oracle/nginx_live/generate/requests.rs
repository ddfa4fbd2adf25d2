//! Requests for a configuration.

use super::{Feature, Maker, lines};
use crate::oracle::nginx_live::observe::Ask;
use crate::oracle::nginx_live::upstream::Reply;

impl Maker {
    pub(super) fn requests(&mut self) -> Vec<Ask> {
        (0..self.dice.between(8, 20)).map(|_| self.request()).collect()
    }

    fn request(&mut self) -> Ask {
        let host = match self.dice.below(10) {
            0 => "unknown.test".to_owned(),
            1 => lines::PATTERNS[self.dice.below(lines::PATTERNS.len())].1.to_owned(),
            _ => self.dice.pick_of(&self.hosts),
        };
        let mut target = match self.dice.below(10) {
            0..=6 if !self.targets.is_empty() => self.dice.pick_of(&self.targets),
            _ => self.dice.pick(&lines::TARGETS).to_owned(),
        };
        if self.dice.chance(30) {
            let query = self.dice.pick(&["a=1", "a=x&b=2", "a=", "nocache=1", "a=%20b"]);
            target = format!("{target}{}{query}", if target.contains('?') { "&" } else { "?" });
        }
        let method = match self.dice.below(20) {
            0..=12 => "GET",
            13 | 14 => "HEAD",
            15..=17 => "POST",
            18 => "PUT",
            _ => "OPTIONS",
        };
        let body = matches!(method, "POST" | "PUT");
        Ask {
            port: usize::from(self.second && self.dice.chance(15)),
            host,
            target,
            method: method.to_owned(),
            headers: self.client_headers(),
            length: body.then(|| self.length()),
            reply: self.reply(),
            again: self.wants(Feature::Cache) && self.dice.chance(60),
        }
    }

    /// A length at a limit or one above.
    fn length(&mut self) -> usize {
        let limit = match self.limits.len() {
            0 => 1 << 20,
            _ if self.dice.chance(10) => 1 << 20,
            _ => self.dice.pick_of(&self.limits),
        };
        match self.dice.below(5) {
            0 => 3,
            1 | 2 => limit,
            _ => limit + 1,
        }
    }

    fn client_headers(&mut self) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        for _ in 0..self.dice.below(4) {
            let (name, value) = self.dice.pick_of(&lines::CLIENT_HEADERS);
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        headers
    }

    fn reply(&mut self) -> Reply {
        let status = match self.dice.below(20) {
            0..=11 => 200,
            12 | 13 => 404,
            14 => 500,
            15 => 403,
            16 => 301,
            17 => 302,
            18 => 201,
            _ => 503,
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for _ in 0..self.dice.below(4) {
            let (name, value) = self.dice.pick_of(&lines::REPLIES);
            if name == "Set-Cookie" || !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        if matches!(status, 301 | 302) {
            let to = self.dice.pick(&["/login", "https://other.example/", "http://backend/v2/x"]);
            headers.push(("Location".to_owned(), to.to_owned()));
        }
        Reply { status, headers }
    }
}
