//! One page for a browser or a printer: the numbers, who was judged, the checklist, the findings with what to do, and
//! everything that was not decided.
//!
//! The page needs nothing but itself: no network, no script that did not come with hardline, and without its script it
//! reads the same. What is about a check stands once, and findings that differ only in whose they are stand together,
//! so that the page of a fleet stays small.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::base64::base64;
use super::json::rfc3339;
use super::target::answered;
use super::{Report, Shower};
use crate::finding::Severity;
use crate::text::{Place, Span};

mod excerpt;
mod families;
mod findings;
mod lists;
pub(crate) mod markup;
mod subjects;

use markup::Markup;
use subjects::Standing;

/// How it looks.
pub(crate) const STYLE: &str = include_str!("html/page.css");

/// What it does besides: filter, sort, open what a link leads to, open everything to print.
const SCRIPT: &str = include_str!("html/page.js");

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View::new(report, show);
    let mut all = Markup::default();
    head(&view, &mut all);
    subjects::table(&view, &mut all);
    families::table(&view, &mut all);
    findings::section(&view, &mut all);
    lists::sections(&view, &mut all);
    subjects::details(&view, &mut all);
    all.tag("</main><footer><p>").text(&report.summary()).tag("</p></footer><script>").tag(SCRIPT);
    all.tag("</script></body></html>\n");
    out.write_all(all.as_str().as_bytes())
}

/// A report, counted for the page.
struct View<'a> {
    report: &'a Report,
    show: Shower<'a>,
    /// What is known of each subject, by number.
    standings: Vec<Standing<'a>>,
    /// Which subjects are servers that were asked, and whether they answered, by number.
    answered: Vec<Option<bool>>,
}

impl<'a> View<'a> {
    fn new(report: &'a Report, show: Shower<'a>) -> View<'a> {
        let answered = report.subjects.iter().map(answered).collect();
        let mut view = View { report, show, standings: Vec::new(), answered };
        view.standings = subjects::standings(&view);
        view
    }

    fn name(&self, subject: usize) -> &'a str {
        self.report.subjects.get(subject).map_or("", |subject| &subject.name)
    }

    /// A link to everything that is said of a subject.
    fn link(&self, subject: usize, all: &mut Markup) {
        all.tag("<a href=\"#s").number(subject).tag("\">").text(self.name(subject)).tag("</a>");
    }

    /// A place beside the name of a subject: of a server's own answers without its address, which the name says.
    fn place(&self, subject: usize, at: Span) -> String {
        let place = self.show.place(at);
        let own = self.report.subjects.get(subject).filter(|subject| subject.sources.contains(&at.source));
        match (own, self.show.sources.get(at.source).place(), place.rsplit_once('#')) {
            (Some(_), Place::Live { .. }, Some((_, rest))) => rest.to_owned(),
            _ => place,
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.report.failing().filter(|found| found.finding.severity == severity).count()
    }
}

/// How bad something is.
pub(crate) fn badge(severity: Severity, all: &mut Markup) {
    all.tag("<b class=\"").tag(severity.as_str()).tag("\">").tag(severity.as_str()).tag("</b>");
}

/// A number in a table.
fn cell(count: usize, all: &mut Markup) {
    all.tag(if count == 0 { "<td class=\"n dim\">" } else { "<td class=\"n\">" }).number(count).tag("</td>");
}

fn head(view: &View<'_>, all: &mut Markup) {
    let report = view.report;
    all.tag("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    // Nothing but these two may do anything, whatever a server's name or a line of a file may try.
    all.tag("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    all.text(&base64(&Sha256::digest(STYLE))).tag("'; script-src 'sha256-").text(&base64(&Sha256::digest(SCRIPT)));
    all.tag("'; base-uri 'none'; form-action 'none'\">");
    all.tag("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    all.tag("<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\">");
    all.tag("<title>hardline: ").many(report.failing().count(), "finding", "findings").tag(" in ");
    all.many(report.subjects.len(), "subject", "subjects").tag("</title><style>").tag(STYLE).tag("</style></head>");
    all.tag("<body><header><div class=\"top\"><p class=\"brand\">hardline</p><p class=\"when\">");
    if let Some(clock) = report.clock {
        all.tag("<time>").text(&rfc3339(clock.started)).tag("</time> <span>in ");
        match clock.took.as_secs() {
            0 => all.text(&format!("{} ms", clock.took.as_millis())),
            _ => all.text(&format!("{:.1} s", clock.took.as_secs_f64())),
        };
        all.tag("</span> ");
    }
    all.tag("<span>").tag(concat!("version ", env!("CARGO_PKG_VERSION"))).tag("</span></p></div><h1>");
    headline(view, all);
    all.tag("</h1>");
    standing(view, all);
    tiles(view, all);
    contents(view, all);
    all.tag("</header><main>");
}

/// What matters most, in one sentence.
fn headline(view: &View<'_>, all: &mut Markup) {
    all.many(view.report.failing().count(), "finding", "findings").tag(" in ");
    let servers = view.answered.iter().flatten().count();
    match (servers, view.answered.len() - servers) {
        (0, judged) => all.many(judged, "subject", "subjects"),
        (servers, 0) => all.many(servers, "server", "servers"),
        (servers, others) => {
            all.many(servers, "server", "servers").tag(" and ").many(others, "other subject", "other subjects")
        }
    };
}

/// What the numbers of findings do not tell: who was silent, what is open, what could not be asked.
fn standing(view: &View<'_>, all: &mut Markup) {
    let asked = view.answered.iter().flatten().count();
    let silent: Vec<usize> = (0..view.answered.len()).filter(|&number| view.answered[number] == Some(false)).collect();
    if asked > 0 {
        all.tag("<p class=\"lead\">").number(asked - silent.len()).tag(" of ").many(asked, "server", "servers");
        all.tag(" answered.");
        if !silent.is_empty() {
            all.tag(" Nothing is known of ");
            for (index, number) in silent.iter().take(5).enumerate() {
                all.tag(if index > 0 { ", " } else { "" });
                view.link(*number, all);
            }
            if silent.len() > 5 {
                all.tag(" and ").number(silent.len() - 5).tag(" more");
            }
            all.tag(".");
        }
        all.tag("</p>");
    }
    if !view.report.broken.is_empty() {
        all.tag("<p class=\"alarm\"><a href=\"#broken\">");
        all.many(view.report.broken.len(), "check is broken", "checks are broken")
            .tag("</a>; what is below is not all.</p>");
    }
}

fn tiles(view: &View<'_>, all: &mut Markup) {
    all.tag("<ul class=\"tiles\">");
    for severity in Severity::ALL.into_iter().rev() {
        let count = view.count(severity);
        all.tag("<li class=\"").tag(if count == 0 { "zero" } else { severity.as_str() });
        all.tag("\"><a href=\"#findings\" data-severity=\"").tag(severity.as_str()).tag("\"><strong>");
        all.number(count).tag("</strong> ").tag(severity.as_str()).tag("</a></li>");
    }
    let tally = &view.report.tally;
    for (target, name, count) in [
        ("<a href=\"#undecided\"><strong>", "undecided", tally.unknown),
        ("<a href=\"#bypassed\"><strong>", "bypassed", tally.bypassed),
        ("<a href=\"#waived\"><strong>", "waived", tally.waived),
        ("", "passed", tally.pass),
        ("", "not applicable", tally.not_applicable),
    ] {
        let class = if name == "undecided" && count > 0 { "open" } else { "plain" };
        all.tag("<li class=\"").tag(class).tag("\">");
        let links = !target.is_empty() && count > 0;
        all.tag(if links { target } else { "<span><strong>" }).number(count).tag("</strong> ").tag(name);
        all.tag(if links { "</a></li>" } else { "</span></li>" });
    }
    all.tag("</ul>");
}

fn contents(view: &View<'_>, all: &mut Markup) {
    let report = view.report;
    let live = view.answered.iter().any(Option::is_some);
    all.tag("<nav aria-label=\"Sections\">");
    for (link, shown) in [
        (if live { "<a href=\"#subjects\">Fleet</a>" } else { "<a href=\"#subjects\">Subjects</a>" }, true),
        ("<a href=\"#families\">Checklist</a>", !report.rules.is_empty()),
        ("<a href=\"#findings\">Findings</a>", true),
        ("<a href=\"#undecided\">Could not decide</a>", report.undecided().next().is_some()),
        ("<a href=\"#bypassed\">Bypassed</a>", !report.bypassed.is_empty()),
        ("<a href=\"#waived\">Waived</a>", report.tally.waived > 0),
        ("<a href=\"#broken\">Broken checks</a>", !report.broken.is_empty()),
        ("<a href=\"#fixed\">Fixes</a>", report.fixed.is_some()),
        ("<a href=\"#notices\">Notices</a>", !report.notices.is_empty()),
        ("<a href=\"#details\">Subject by subject</a>", true),
    ] {
        all.tag(if shown { link } else { "" });
    }
    all.tag("</nav>");
}
