//! The order of a report: by path, place and check.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::{Report, Shower};
use crate::text::{SourceId, Span};

impl Report {
    /// Sorts everything.
    pub(super) fn sort(&mut self, show: Shower<'_>) {
        let found = self.findings.iter().map(|found| found.finding.primary.span);
        let open = self.unknown.iter().map(|open| open.cause.at);
        let bypassed = self.bypassed.iter().map(|bypassed| bypassed.at);
        let sources: HashSet<SourceId> = found.chain(open).chain(bypassed).map(|span| span.source).collect();
        let mut paths: Vec<(String, SourceId)> = sources.iter().map(|id| (show.path(*id), *id)).collect();
        paths.sort();
        // Sources of one path count as one.
        let mut ranks: HashMap<SourceId, usize> = HashMap::new();
        for same in paths.chunk_by(|(one, _), (other, _)| one == other) {
            let rank = ranks.len();
            ranks.extend(same.iter().map(|(_, id)| (*id, rank)));
        }
        let place = |span: Span| (ranks.get(&span.source).copied().unwrap_or(usize::MAX), span.start);
        by_place(
            &mut self.findings,
            |found| place(found.finding.primary.span),
            |a, b| {
                let (one, other) = (&a.finding, &b.finding);
                (&one.check, a.subject, &one.message).cmp(&(&other.check, b.subject, &other.message))
            },
        );
        by_place(
            &mut self.unknown,
            |open| place(open.cause.at),
            |a, b| (&a.check, a.subject).cmp(&(&b.check, b.subject)),
        );
        by_place(
            &mut self.bypassed,
            |bypassed| place(bypassed.at),
            |a, b| (&a.check, a.subject).cmp(&(&b.check, b.subject)),
        );
        self.broken.sort_by(|a, b| (&a.check, &a.error).cmp(&(&b.check, &b.error)));
    }
}

/// Sorts by place, and what is at one place as `tie` says. Each place is asked for once.
fn by_place<T, P: Ord>(all: &mut Vec<T>, place: impl Fn(&T) -> P, tie: impl Fn(&T, &T) -> Ordering) {
    let mut placed: Vec<(P, T)> = all.drain(..).map(|one| (place(&one), one)).collect();
    placed.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| tie(one, other)));
    all.extend(placed.into_iter().map(|(_, one)| one));
}
