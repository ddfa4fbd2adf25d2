//! What is no finding and yet has to be told: undecided, bypassed, waived, broken, fixed, notices.

use std::collections::BTreeMap;

use super::View;
use super::markup::Markup;
use crate::fact::Unknown;
use crate::report::Open;
use crate::text::{Level, Span};

/// Longer lists are folded.
const SHORT: usize = 6;

/// What stands in the way, each with the checks that wait for it, in the order of the report.
pub(super) fn causes<'a>(open: impl Iterator<Item = &'a Open>) -> Vec<(&'a Unknown, Vec<&'a str>)> {
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut all: Vec<(&'a Unknown, Vec<&'a str>)> = Vec::new();
    for open in open {
        let key = (open.cause.why.as_str(), &*open.cause.needs);
        let number = *numbers.entry(key).or_insert(all.len());
        match all.get_mut(number) {
            Some((_, checks)) if checks.contains(&open.check.as_str()) => {}
            Some((_, checks)) => checks.push(open.check.as_str()),
            None => all.push((&open.cause, vec![open.check.as_str()])),
        }
    }
    all
}

/// Something that is told once for all places that it is true of.
struct Told<'a> {
    of: Vec<(usize, Span)>,
    checks: Vec<&'a str>,
    text: Markup,
}

/// Joins what is told alike.
fn join<'a>(all: impl Iterator<Item = Told<'a>>) -> Vec<Told<'a>> {
    let mut numbers: BTreeMap<(Markup, Vec<&str>), usize> = BTreeMap::new();
    let mut joined: Vec<Told<'a>> = Vec::new();
    for told in all {
        let number = *numbers.entry((told.text.clone(), told.checks.clone())).or_insert(joined.len());
        match joined.get_mut(number) {
            Some(other) => other.of.extend(told.of),
            None => joined.push(told),
        }
    }
    joined
}

/// All sections, those that would be empty left out.
pub(super) fn sections(view: &View<'_>, all: &mut Markup) {
    undecided(view, all);
    let report = view.report;
    let bypassed = report.bypassed.iter().map(|it| {
        let mut text = Markup::default();
        text.words(&it.reason);
        Told { of: vec![(it.subject, it.at)], checks: vec![it.check.as_str()], text }
    });
    let head = "<section id=\"bypassed\" aria-labelledby=\"h-bypassed\"><h2 id=\"h-bypassed\">Bypassed</h2>\
        <p class=\"lead\">Faults that are there, and right where they are.</p>";
    table(view, head, "Why it is right", join(bypassed), all);
    waived(view, all);
    broken(view, all);
    fixed(view, all);
    notices(view, all);
}

fn undecided(view: &View<'_>, all: &mut Markup) {
    let told = view.standings.iter().enumerate().flat_map(|(number, standing)| {
        causes(standing.open.iter().copied()).into_iter().map(move |(cause, mut checks)| {
            let mut text = Markup::default();
            text.words(&cause.needs).tag(" <span class=\"dim\">(").tag(cause.why.as_str()).tag(")</span>");
            checks.sort_unstable();
            Told { of: vec![(number, cause.at)], checks, text }
        })
    });
    let head = "<section id=\"undecided\" aria-labelledby=\"h-undecided\"><h2 id=\"h-undecided\">Could not decide</h2>\
        <p class=\"lead\">Not a pass: these checks wait for something that hardline was not told.</p>";
    table(view, head, "What would help", join(told), all);
}

fn waived(view: &View<'_>, all: &mut Markup) {
    let report = view.report;
    let found = report.findings.iter().map(|it| (it.subject, it.finding.primary.span, &it.finding.check, &it.waiver));
    let open = report.unknown.iter().map(|it| (it.subject, it.cause.at, &it.check, &it.waiver));
    let told = found.chain(open).filter_map(|(subject, at, check, waiver)| {
        let waiver = waiver.as_ref()?;
        let mut text = Markup::default();
        text.words(&waiver.reason).tag(" <span class=\"dim\">").text(&waiver.owner).tag(", until ");
        text.text(&waiver.until.to_string()).tag("; ").text(&view.show.place(waiver.at)).tag("</span>");
        Some(Told { of: vec![(subject, at)], checks: vec![check.as_str()], text })
    });
    let head = "<section id=\"waived\" aria-labelledby=\"h-waived\"><h2 id=\"h-waived\">Waived</h2>\
        <p class=\"lead\">Accepted by somebody who answers for it until a day.</p>";
    table(view, head, "Reason, owner, end", join(told), all);
}

fn table(view: &View<'_>, head: &'static str, what: &'static str, told: Vec<Told<'_>>, all: &mut Markup) {
    if told.is_empty() {
        return;
    }
    all.tag(head).tag("<table class=\"told\"><thead><tr><th scope=\"col\">").tag(what).tag("</th>");
    all.tag("<th scope=\"col\">Checks</th><th scope=\"col\">Where</th></tr></thead><tbody>");
    for Told { of, checks, text } in told {
        all.tag("<tr><td>").add(&text).tag("</td><td>");
        let checks: Vec<Markup> =
            checks.iter().map(|check| item(|it| it.tag("<code>").text(check).tag("</code>"))).collect();
        list(&checks, "check", "checks", all);
        all.tag("</td><td>");
        let places = of.iter().map(|(subject, at)| {
            item(|it| {
                view.link(*subject, it);
                it.tag(" <small>").text(&view.place(*subject, *at)).tag("</small>")
            })
        });
        list(&places.collect::<Vec<_>>(), "place", "places", all);
        all.tag("</td></tr>");
    }
    all.tag("</tbody></table></section>");
}

fn item(write: impl Fn(&mut Markup) -> &mut Markup) -> Markup {
    let mut item = Markup::default();
    write(&mut item);
    item
}

fn list(items: &[Markup], one: &'static str, more: &'static str, all: &mut Markup) {
    let folded = items.len() > SHORT;
    if folded {
        all.tag("<details class=\"more\"><summary>").many(items.len(), one, more).tag("</summary>");
    }
    all.tag("<ul>");
    for item in items {
        all.tag("<li>").add(item).tag("</li>");
    }
    all.tag(if folded { "</ul></details>" } else { "</ul>" });
}

fn broken(view: &View<'_>, all: &mut Markup) {
    if view.report.broken.is_empty() {
        return;
    }
    all.tag("<section id=\"broken\" aria-labelledby=\"h-broken\"><h2 id=\"h-broken\">Broken checks</h2>");
    all.tag("<ul class=\"plain\">");
    for broken in &view.report.broken {
        all.tag("<li><code>").text(broken.check.as_str()).tag("</code> ").words(&broken.error).tag("</li>");
    }
    all.tag("</ul></section>");
}

fn fixed(view: &View<'_>, all: &mut Markup) {
    let (Some(fixes), Some(fixed)) = (view.report.fixes(), &view.report.fixed) else { return };
    all.tag("<section id=\"fixed\" aria-labelledby=\"h-fixed\"><h2 id=\"h-fixed\">Fixes</h2><p class=\"lead\">");
    all.text(&fixes).tag("</p><ul class=\"plain\">");
    for made in &fixed.made {
        all.tag("<li><small>").text(&made.path).tag("</small> ").words(&made.title).tag(" <code>");
        all.text(made.check.as_str()).tag("</code></li>");
    }
    all.tag("</ul></section>");
}

fn notices(view: &View<'_>, all: &mut Markup) {
    if view.report.notices.is_empty() {
        return;
    }
    all.tag(
        "<section id=\"notices\" aria-labelledby=\"h-notices\"><h2 id=\"h-notices\">Notices</h2><ul class=\"plain\">",
    );
    for notice in &view.report.notices {
        all.tag(match notice.level {
            Level::Warning => "<li><strong>warning</strong> ",
            Level::Info => "<li><span class=\"dim\">note</span> ",
        });
        if let Some(place) = view.show.notice(&notice.at) {
            all.tag("<small>").text(&place).tag("</small> ");
        }
        all.words(&notice.message).tag("</li>");
    }
    all.tag("</ul></section>");
}
