//! Secrets of the configuration, taken out of an answer: a value may hold one wherever variables carry it to.

use super::{Answer, Effective, Site};
use crate::platform::nginx::veil::Veil;

impl Veil {
    /// Takes the secrets out of an answer.
    pub fn cover(&self, effective: &mut Effective) {
        if self.is_empty() {
            return;
        }
        effective.errors.iter_mut().for_each(|fault| self.hide(&mut fault.message));
        effective.servers.iter_mut().for_each(|site| self.site(site));
        effective.answer.iter_mut().for_each(|answer| self.answer(answer));
        effective.unknown.iter_mut().for_each(|open| self.hide(&mut open.what));
    }

    fn site(&self, site: &mut Site) {
        self.all(site.names.iter_mut().chain(&mut site.listen));
        for level in &mut site.levels {
            let lists = level.headers.iter_mut().chain(&mut level.hidden).chain(&mut level.log);
            self.all(lists.chain(&mut level.handler));
            self.hide(&mut level.text);
        }
    }

    fn answer(&self, answer: &mut Answer) {
        self.all(answer.server.names.iter_mut().chain(&mut answer.server.listen));
        self.all(answer.location.iter_mut().map(|location| &mut location.text));
        self.all(answer.response.headers.iter_mut().filter_map(|header| header.value.as_mut()));
        self.all(answer.response.hidden.iter_mut().chain(&mut answer.response.server_header));
        let request = &mut answer.request;
        let sent = request.headers.iter_mut().flatten().filter_map(|pair| pair.value.as_mut());
        self.all(sent.chain(&mut request.to).chain(&mut request.target));
        self.all(answer.log.access.iter_mut().chain(&mut answer.log.error));
        if let Some(cache) = &mut answer.cache {
            self.all(cache.zone.iter_mut().chain(&mut cache.key));
            self.hide(&mut cache.why);
        }
    }

    fn all<'t>(&self, texts: impl Iterator<Item = &'t mut String>) {
        texts.for_each(|text| self.hide(text));
    }
}
