//! The findings, by check: what is said about the fault stands once, and below it everybody who has it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::View;
use super::excerpt::{change, excerpt};
use super::markup::Markup;
use crate::finding::{Family, Fix, FixWords, Safety, Severity};
use crate::report::Found;
use crate::report::rule::Rule;

/// How many checks are unfolded at first, the worst.
const OPEN: usize = 3;

/// The findings of one check.
pub(super) struct Group<'a> {
    id: &'a str,
    severity: Severity,
    family: Family,
    rule: Option<&'a Rule>,
    found: Vec<&'a Found>,
}

/// The findings that nobody answers for by check, the worst first, then those that most have.
pub(super) fn groups<'a>(view: &View<'a>) -> Vec<Group<'a>> {
    let mut by_check: BTreeMap<&str, Group<'a>> = BTreeMap::new();
    for found in view.report.failing() {
        let finding = &found.finding;
        let group = by_check.entry(finding.check.as_str()).or_insert_with(|| Group {
            id: finding.check.as_str(),
            severity: finding.severity,
            family: finding.family,
            rule: view.report.rule(&finding.check).map(|(_, rule)| rule),
            found: Vec::new(),
        });
        group.severity = group.severity.max(finding.severity);
        group.found.push(found);
    }
    let mut groups: Vec<Group<'a>> = by_check.into_values().collect();
    groups.sort_by_key(|group| (Reverse(group.severity), Reverse(group.found.len()), group.id));
    groups
}

/// The section.
pub(super) fn section(view: &View<'_>, all: &mut Markup) {
    all.tag("<section id=\"findings\" aria-labelledby=\"h-findings\"><h2 id=\"h-findings\">Findings</h2>");
    let groups = groups(view);
    if groups.is_empty() {
        all.tag("<p class=\"none\">No findings.</p></section>");
        return;
    }
    all.tag(FILTER);
    for (index, group) in groups.iter().enumerate() {
        group.write(view, index < OPEN && group.severity >= Severity::High, all);
    }
    all.tag("<p class=\"none\" id=\"no-match\" hidden>No finding matches.</p></section>");
}

/// Shown by the script, which fills the lists from the page.
const FILTER: &str = "<form id=\"filter\" hidden aria-label=\"Filter findings\">\
    <label>Text <input type=\"search\" name=\"text\" placeholder=\"setting, path, message\"></label>\
    <label>Severity <select name=\"severity\"><option value=\"\">all</option></select></label>\
    <label>Family <select name=\"family\"><option value=\"\">all</option></select></label>\
    <label>Subject <select name=\"subject\"><option value=\"\">all</option></select></label>\
    <button type=\"reset\">Clear</button> <output name=\"count\" aria-live=\"polite\"></output></form>";

impl Group<'_> {
    fn write(&self, view: &View<'_>, open: bool, all: &mut Markup) {
        all.tag("<details class=\"check\" data-severity=\"").tag(self.severity.as_str()).tag("\" data-family=\"");
        all.tag(self.family.as_str()).tag(if open { "\" open>" } else { "\">" });
        all.tag("<summary>");
        super::badge(self.severity, all);
        all.tag("<h3>").words(self.rule.map_or(self.id, |rule| &rule.words.title)).tag("</h3>");
        all.tag("<span class=\"about\"><code>").text(self.id).tag("</code> <span>").tag(self.family.as_str());
        all.tag("</span> <span class=\"count\">").many(self.found.len(), "finding", "findings");
        all.tag("</span></span></summary><div class=\"body\" id=\"").text(self.id).tag("\"><div class=\"places\">");
        for (body, found) in self.alike(view) {
            all.tag("<article>");
            self.whose(view, &found, all);
            all.add(&body).tag("</article>");
        }
        all.tag("</div>");
        let mut advice = Markup::default();
        self.advice(&mut advice);
        if !advice.is_empty() {
            all.tag("<div class=\"advice\">").add(&advice).tag("</div>");
        }
        all.tag("</div></details>");
    }

    /// What differs between findings, with those that have it in common, in the order of the report.
    fn alike(&self, view: &View<'_>) -> Vec<(Markup, Vec<&Found>)> {
        let mut numbers: BTreeMap<Markup, usize> = BTreeMap::new();
        let mut alike: Vec<(Markup, Vec<&Found>)> = Vec::new();
        for found in &self.found {
            let body = body(view, found);
            let number = *numbers.entry(body.clone()).or_insert(alike.len());
            match alike.get_mut(number) {
                Some((_, others)) => others.push(found),
                None => alike.push((body, vec![found])),
            }
        }
        alike
    }

    fn whose(&self, view: &View<'_>, found: &[&Found], all: &mut Markup) {
        all.tag("<ul class=\"whose\">");
        for found in found {
            all.tag("<li data-subject=\"").number(found.subject).tag("\">");
            view.link(found.subject, all);
            all.tag(" <small>").text(&view.place(found.subject, found.finding.primary.span)).tag("</small></li>");
        }
        all.tag("</ul>");
    }

    fn advice(&self, all: &mut Markup) {
        if let Some(rule) = self.rule {
            all.tag("<h4>Why it matters</h4>").paragraphs(&rule.words.rationale);
        }
        let fix = self.found.iter().find_map(|found| found.finding.fix.as_ref());
        if let Some(words) = fix.map(|fix| &fix.words).or(self.rule.map(|rule| &rule.words.fix)) {
            advise(words, fix, all);
        }
        let Some(rule) = self.rule else { return };
        if !rule.words.bypass.is_empty() {
            all.tag("<h4>May be when</h4><ul>");
            for reason in &rule.words.bypass {
                all.tag("<li>").words(reason).tag("</li>");
            }
            all.tag("</ul>");
        }
        if rule.words.references.is_empty() && rule.words.tags.is_empty() {
            return;
        }
        all.tag("<p class=\"refs\">");
        for tag in &rule.words.tags {
            all.tag("<span>").text(tag).tag("</span> ");
        }
        for reference in &rule.words.references {
            // Whatever else a check of the user's own says is no address to follow.
            match reference.strip_prefix("https://") {
                Some(rest) => {
                    all.tag("<a rel=\"noreferrer\" href=\"https://").text(rest).tag("\">").text(rest).tag("</a> ")
                }
                None => all.tag("<span>").text(reference).tag("</span> "),
            };
        }
        all.tag("</p>");
    }
}

/// What to do, what is seen when it worked, how to undo it.
fn advise(words: &FixWords, fix: Option<&Fix>, all: &mut Markup) {
    let offered = fix.is_some_and(|fix| !fix.edits.is_empty());
    let how = match words.safety {
        Safety::Safe if offered => "What to do <span class=\"how\">safe fix</span>",
        Safety::Unsafe if offered => "What to do <span class=\"how\">unsafe fix</span>",
        _ => "What to do",
    };
    all.tag("<h4>").tag(how).tag("</h4><p><strong>").words(&words.title).tag("</strong></p>").paragraphs(&words.hint);
    for (title, text) in [("Expected", &words.expected), ("Rollback", &words.rollback)] {
        if !text.trim().is_empty() {
            all.tag("<h4>").tag(title).tag("</h4>").paragraphs(text);
        }
    }
}

/// What a finding says and shows, without whose it is.
fn body(view: &View<'_>, found: &Found) -> Markup {
    let finding = &found.finding;
    let mut all = Markup::default();
    all.tag("<p class=\"message\">").words(&view.report.message(found, view.show)).tag("</p>");
    all.add(&excerpt(&finding.primary, view.show));
    if !finding.primary.text.is_empty() {
        all.tag("<p class=\"label\">").words(&finding.primary.text).tag("</p>");
    }
    for label in finding.related.iter().filter(|label| label.span != finding.primary.span) {
        all.tag("<div class=\"related\"><p><small>see ").text(&view.show.place(label.span));
        if !label.text.is_empty() {
            all.tag(": ").words(&label.text);
        }
        all.tag("</small></p>").add(&excerpt(label, view.show)).tag("</div>");
    }
    if let Some(fix) = &finding.fix {
        let change = change(&fix.edits, view.show);
        if !change.is_empty() {
            all.tag("<p class=\"label\">The fix, line by line</p>").add(&change);
        }
    }
    all
}
