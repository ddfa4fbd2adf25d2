//! The headings of the checklist, with what came out under each.

use std::collections::BTreeSet;

use super::View;
use super::markup::Markup;
use crate::finding::{Family, Severity};

/// One heading.
#[derive(Default, Clone, Copy)]
struct Heading {
    asked: usize,
    clean: usize,
    by_severity: [usize; 5],
    open: usize,
}

/// The table. Only headings with checks that were asked are in it.
pub(super) fn table(view: &View<'_>, all: &mut Markup) {
    let headings = headings(view);
    if headings.iter().all(|(_, heading)| heading.asked == 0) {
        return;
    }
    all.tag("<section id=\"families\" aria-labelledby=\"h-families\"><h2 id=\"h-families\">Checklist</h2>");
    all.tag("<div class=\"wide\"><table class=\"sortable\"><thead><tr><th scope=\"col\">Family</th>");
    all.tag("<th scope=\"col\" class=\"n\">checks</th><th scope=\"col\" class=\"n\">clean</th>");
    all.tag("<th scope=\"col\" class=\"bar\">Findings</th>");
    for severity in Severity::ALL.iter().rev() {
        all.tag("<th scope=\"col\" class=\"n\">").tag(severity.as_str()).tag("</th>");
    }
    all.tag("<th scope=\"col\" class=\"n\">undecided</th></tr></thead><tbody>");
    let most = headings.iter().map(|(_, heading)| heading.by_severity.iter().sum()).max().unwrap_or(0);
    for (family, heading) in headings.iter().filter(|(_, heading)| heading.asked > 0) {
        all.tag("<tr><th scope=\"row\"><a href=\"#findings\" data-family=\"").tag(family.as_str()).tag("\">");
        all.tag(family.as_str()).tag("</a></th>");
        super::cell(heading.asked, all);
        super::cell(heading.clean, all);
        all.tag("<td class=\"bar\" data-sort=\"").number(heading.by_severity.iter().sum()).tag("\">");
        bar(&heading.by_severity, most, all);
        all.tag("</td>");
        for count in heading.by_severity.iter().rev().chain([&heading.open]) {
            super::cell(*count, all);
        }
        all.tag("</tr>");
    }
    all.tag("</tbody></table></div></section>");
}

fn headings(view: &View<'_>) -> Vec<(Family, Heading)> {
    let mut all = Family::ALL.map(|family| (family, Heading::default()));
    let mut add = |family: Family, count: &dyn Fn(&mut Heading)| {
        all.iter_mut().filter(|(it, _)| *it == family).for_each(|(_, heading)| count(heading));
    };
    let report = view.report;
    // What could not be decided is not clean.
    let found = report.failing().map(|found| found.finding.check.as_str());
    let marked: BTreeSet<&str> = found.chain(report.undecided().map(|open| open.check.as_str())).collect();
    for found in report.failing() {
        let place = Severity::ALL.iter().position(|severity| *severity == found.finding.severity).unwrap_or(0);
        add(found.finding.family, &|heading| heading.by_severity[place] += 1);
    }
    for open in report.undecided() {
        if let Some((_, rule)) = report.rule(&open.check) {
            add(rule.family, &|heading| heading.open += 1);
        }
    }
    for rule in &report.rules {
        let clean = !marked.contains(rule.id.as_str());
        add(rule.family, &|heading| {
            heading.asked += 1;
            heading.clean += usize::from(clean);
        });
    }
    all.to_vec()
}

/// Findings as a bar in the colours of their severities, the worst first.
fn bar(by_severity: &[usize; 5], most: usize, all: &mut Markup) {
    all.tag("<svg width=\"120\" height=\"8\" role=\"presentation\" aria-hidden=\"true\">");
    let mut at = 0;
    for (severity, count) in Severity::ALL.iter().zip(by_severity).rev().filter(|(_, count)| **count > 0) {
        let width = (count * 120).div_ceil(most.max(1)).max(2).min(120 - at);
        all.tag("<rect class=\"").tag(severity.as_str()).tag("\" x=\"").number(at);
        all.tag("\" width=\"").number(width).tag("\" height=\"8\"/>");
        at += width;
    }
    all.tag("</svg>");
}
