//! Answers that nginx makes itself, and `error_page` (ngx_http_special_response.c, 1.22.1).

use super::outcome::Sent;
use super::run::{Next, Run};
use super::variable::Text;
use crate::platform::nginx::tree::Directive;

/// How the work on a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// With this status, for which there may be a page.
    Status(u16),
    /// With what was sent already.
    Sent,
}

impl<'a> Run<'a> {
    /// Where to go on because of `error_page`; `None` where the answer is ready.
    pub fn error_page_for(&mut self, stop: &Stop) -> Option<Next> {
        let Stop::Status(status) = *stop else { return None };
        if status == 444 {
            self.status = Some(444);
            return None;
        }
        self.err_status = status;
        self.content_type = None;
        // What is sent for a request without a body that was read is nginx's own.
        if self.error_page || self.changes_left == 0 {
            return None;
        }
        let held = self.model.levels.held(self.level, "error_page");
        if held.directives.is_empty() {
            if let Some(unknown) = held.doubt {
                self.doubt("response", unknown);
            }
            return None;
        }
        if !self.model.levels.flag(self.level, "recursive_error_pages", false) {
            self.error_page = true;
        }
        let page = held.directives.iter().find_map(|directive| Page::of(directive, status))?;
        self.sent_to(page)
    }

    fn sent_to(&mut self, page: Page<'_>) -> Option<Next> {
        if let Some(overwrite) = page.overwrite {
            self.err_status = overwrite;
        }
        let to = match self.value(page.to) {
            Text::Known(to) => to,
            Text::Unknown(unknown) => {
                self.doubt("response", unknown);
                return None;
            }
        };
        if to.starts_with('@') {
            return Some(self.named_location(&to));
        }
        if to.starts_with('/') {
            if self.method != "HEAD" {
                self.method = "GET".to_owned();
            }
            let (path, args) = to.split_once('?').unwrap_or((&to, ""));
            return Some(self.internal_redirect(path.to_owned(), args.to_owned()));
        }
        if !matches!(page.overwrite, Some(301 | 302 | 303 | 307 | 308)) {
            self.err_status = 302;
        }
        self.set_location(Text::Known(to));
        None
    }

    /// The status of an answer that nginx makes itself.
    pub fn own_status(&self, status: u16) -> u16 {
        match status {
            494..=497 => 400,
            status => status,
        }
    }

    /// A response header of nginx's own.
    pub fn add(&mut self, name: &str, value: Text) {
        self.headers.push(Sent { name: name.to_owned(), value, always: true, from: None });
    }
}

/// What `error_page` says about a status.
struct Page<'a> {
    /// The status instead; 0 for that of the page.
    overwrite: Option<u16>,
    to: &'a str,
}

impl<'a> Page<'a> {
    fn of(directive: &'a Directive, status: u16) -> Option<Page<'a>> {
        let (to, rest) = directive.args.split_last()?;
        let equals = rest.last().and_then(|word| word.strip_prefix('='));
        let codes = if equals.is_some() { &rest[..rest.len() - 1] } else { rest };
        if !codes.iter().any(|code| code.parse() == Ok(status)) {
            return None;
        }
        let overwrite = match equals {
            Some("") => Some(0),
            Some(code) => code.parse().ok(),
            // These are nginx's own; clients are told 400.
            None => matches!(status, 494..=497).then_some(400),
        };
        Some(Page { overwrite, to })
    }
}
