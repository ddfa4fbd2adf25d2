//! Who was judged: a table of all, and each with everything that was said of it.

use std::cmp::Reverse;

use super::View;
use super::excerpt::{is_live, line};
use super::markup::Markup;
use crate::finding::Severity;
use crate::report::{Found, Open};

/// What is known of one subject.
#[derive(Default)]
pub(super) struct Standing<'a> {
    /// Its findings, the worst first.
    pub(super) found: Vec<&'a Found>,
    /// What could not be decided of it.
    pub(super) open: Vec<&'a Open>,
    /// Faults that are right there.
    pub(super) bypassed: usize,
    /// What somebody answers for.
    pub(super) waived: usize,
}

impl Standing<'_> {
    fn worst(&self) -> Option<Severity> {
        self.found.first().map(|found| found.finding.severity)
    }

    /// The worst severity; where nothing was found and not all was decided, that is said instead.
    fn mark(&self, all: &mut Markup) {
        match self.worst() {
            Some(worst) => super::badge(worst, all),
            None if self.open.is_empty() => {
                all.tag("<b class=\"nothing\">none</b>");
            }
            None => {
                all.tag("<b class=\"silent\">undecided</b>");
            }
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|found| found.finding.severity == severity).count()
    }

    /// From the worst severity to the mildest.
    fn counts(&self) -> [usize; 5] {
        let mut counts = Severity::ALL.map(|severity| self.count(severity));
        counts.reverse();
        counts
    }
}

/// What is known of each subject.
pub(super) fn standings<'a>(view: &View<'a>) -> Vec<Standing<'a>> {
    let report = view.report;
    let mut all: Vec<Standing<'a>> = report.subjects.iter().map(|_| Standing::default()).collect();
    for found in &report.findings {
        let Some(standing) = all.get_mut(found.subject) else { continue };
        match &found.waiver {
            None => standing.found.push(found),
            Some(_) => standing.waived += 1,
        }
    }
    for open in &report.unknown {
        let Some(standing) = all.get_mut(open.subject) else { continue };
        match &open.waiver {
            None => standing.open.push(open),
            Some(_) => standing.waived += 1,
        }
    }
    for bypassed in &report.bypassed {
        all.get_mut(bypassed.subject).map(|standing| standing.bypassed += 1).unwrap_or_default();
    }
    for standing in &mut all {
        standing.found.sort_by_key(|found| Reverse(found.finding.severity));
    }
    all
}

/// The subjects, the worst first.
fn order(view: &View<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..view.standings.len()).collect();
    order.sort_by_key(|&number| {
        let standing = &view.standings[number];
        (Reverse(standing.counts()), Reverse(standing.open.len()), view.name(number), number)
    });
    order
}

/// The table of all subjects.
pub(super) fn table(view: &View<'_>, all: &mut Markup) {
    let live = view.answered.iter().any(Option::is_some);
    all.tag("<section id=\"subjects\" aria-labelledby=\"h-subjects\"><h2 id=\"h-subjects\">");
    all.tag(if live { "Fleet" } else { "Subjects" })
        .tag("</h2><div class=\"wide\"><table class=\"sortable\"><thead><tr>");
    all.tag("<th scope=\"col\">Subject</th><th scope=\"col\">Kind</th><th scope=\"col\">Version</th>");
    all.tag(if live { "<th scope=\"col\">Answers</th>" } else { "" }).tag("<th scope=\"col\">Worst</th>");
    for severity in Severity::ALL.iter().rev() {
        all.tag("<th scope=\"col\" class=\"n\">").tag(severity.as_str()).tag("</th>");
    }
    all.tag("<th scope=\"col\" class=\"n\">undecided</th></tr></thead><tbody>");
    for number in order(view) {
        row(view, number, live, all);
    }
    all.tag("</tbody></table></div></section>");
}

/// Where a subject is written down, for those whose name does not say it.
fn path(view: &View<'_>, number: usize, all: &mut Markup) {
    let path = view.report.subject_path(number, view.show);
    let source = view.show.sources.get(view.report.subjects[number].main.source);
    if !is_live(source) && path != view.name(number) {
        all.tag("<small>").text(&path).tag("</small>");
    }
}

fn row(view: &View<'_>, number: usize, live: bool, all: &mut Markup) {
    let (subject, standing) = (&view.report.subjects[number], &view.standings[number]);
    all.tag("<tr><th scope=\"row\">");
    view.link(number, all);
    path(view, number, all);
    all.tag("</th><td>").text(subject.kind).tag("</td><td>");
    match &subject.version {
        Some(version) => all.text(version),
        // What has no versions, such as servers that make a group.
        None if subject.worlds.is_empty() => all,
        None => all.tag("<span class=\"dim\">not known</span>"),
    };
    all.tag("</td>");
    if live {
        all.tag(match view.answered[number] {
            Some(true) => "<td>yes</td>",
            Some(false) => "<td><b class=\"silent\">no</b></td>",
            None => "<td></td>",
        });
    }
    let rank = standing.worst().map_or(0, |worst| 1 + Severity::ALL.iter().position(|it| *it == worst).unwrap_or(0));
    all.tag("<td data-sort=\"").number(rank).tag("\">");
    standing.mark(all);
    all.tag("</td>");
    for count in standing.counts().into_iter().chain([standing.open.len()]) {
        super::cell(count, all);
    }
    all.tag("</tr>");
}

/// Everything that was said of each subject.
pub(super) fn details(view: &View<'_>, all: &mut Markup) {
    all.tag("<section id=\"details\" aria-labelledby=\"h-details\"><h2 id=\"h-details\">Subject by subject</h2>");
    for number in order(view) {
        detail(view, number, all);
    }
    all.tag("</section>");
}

fn detail(view: &View<'_>, number: usize, all: &mut Markup) {
    let (subject, standing) = (&view.report.subjects[number], &view.standings[number]);
    all.tag("<details class=\"subject\"><summary>");
    standing.mark(all);
    all.tag("<h3>").text(&subject.name);
    path(view, number, all);
    all.tag("</h3><span class=\"about\"><span>").text(subject.kind);
    all.tag("</span> <span class=\"count\">").many(standing.found.len(), "finding", "findings").tag("</span> <span>");
    all.number(standing.open.len()).tag(" undecided</span></span></summary><div class=\"body\" id=\"s");
    all.number(number).tag("\"><dl>");
    let sources: Vec<String> = subject.sources.iter().map(|&source| view.show.path(source)).collect();
    let version = if subject.worlds.is_empty() { None } else { Some("not known") };
    for (name, value) in [
        ("Taken from", Some(subject.carrier)),
        ("Because", Some(subject.because.as_str())),
        ("Version", subject.version.as_deref().or(version)),
    ] {
        let Some(value) = value else { continue };
        all.tag("<div><dt>").tag(name).tag("</dt><dd>").words(value).tag("</dd></div>");
    }
    for (name, count) in [("Bypassed", standing.bypassed), ("Waived", standing.waived)] {
        if count > 0 {
            all.tag("<div><dt>").tag(name).tag("</dt><dd>").number(count).tag("</dd></div>");
        }
    }
    all.tag("<div class=\"all\"><dt>Read</dt><dd><small>").text(&sources.join(", ")).tag("</small></dd></div></dl>");
    found(view, &standing.found, all);
    open(view, number, all);
    all.tag("</div></details>");
}

fn found(view: &View<'_>, found: &[&Found], all: &mut Markup) {
    if found.is_empty() {
        all.tag("<p class=\"none\">No findings.</p>");
        return;
    }
    all.tag("<table class=\"found\"><thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">What</th>");
    all.tag("<th scope=\"col\">Where</th></tr></thead><tbody>");
    for found in found {
        let finding = &found.finding;
        all.tag("<tr><td>");
        super::badge(finding.severity, all);
        all.tag("</td><td>").words(&view.report.message(found, view.show)).tag(" <a href=\"#");
        all.text(finding.check.as_str()).tag("\">why, what to do</a></td><td><small>");
        all.text(&view.place(found.subject, finding.primary.span)).tag("</small><code>");
        all.text(line(&finding.primary, view.show).trim()).tag("</code></td></tr>");
    }
    all.tag("</tbody></table>");
}

/// What stands in the way, with the checks that wait for it.
fn open(view: &View<'_>, number: usize, all: &mut Markup) {
    let open = &view.standings[number].open;
    if open.is_empty() {
        return;
    }
    all.tag("<h4>Could not decide</h4><ul class=\"open\">");
    for (cause, checks) in super::lists::causes(open.iter().copied()) {
        all.tag("<li>").words(&cause.needs).tag(" <span class=\"dim\">").tag(cause.why.as_str()).tag(", ");
        all.text(&view.place(number, cause.at)).tag("; ").many(checks.len(), "check waits", "checks wait");
        all.tag("</span></li>");
    }
    all.tag("</ul>");
}
