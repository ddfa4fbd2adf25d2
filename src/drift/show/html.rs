//! One page for a browser or a printer, in the look of the page of a report; it needs nothing but itself.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::{by_subject, open_line, places, why};
use crate::drift::found::{Comparison, Difference};
use crate::drift::order::Weaker;
use crate::report::base64::base64;
use crate::report::html::markup::Markup;
use crate::report::html::{STYLE, badge};

/// Writes the comparison.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mut all = Markup::default();
    head(comparison, &mut all);
    for (title, group) in by_subject(comparison.failing()) {
        table(comparison, &title, &group, &mut all);
    }
    let allowed = comparison.allowed().map(|(one, allowed)| {
        let source = allowed.source.show();
        format!("`{}`: {} ({}, until {}, {source})", one.what, allowed.reason, allowed.owner, allowed.until)
    });
    list("<section><h2>Allowed</h2><ul class=\"plain\">", allowed, &mut all);
    let undecided = comparison.undecided.iter().map(|one| {
        let place = one.place.as_ref().map_or_else(String::new, |place| format!("`{}`: ", place.show()));
        place + &open_line(comparison, one)
    });
    list("<section><h2>Could not compare</h2><ul class=\"plain\">", undecided, &mut all);
    let notices = comparison.notices.iter().map(|notice| match &notice.place {
        Some(place) => format!("`{place}`: {}", notice.message),
        None => notice.message.clone(),
    });
    list("<section><h2>Notices</h2><ul class=\"plain\">", notices, &mut all);
    all.tag("</main><footer><p>").text(&comparison.summary()).tag("</p></footer></body></html>\n");
    out.write_all(all.as_str().as_bytes())
}

fn head(comparison: &Comparison, all: &mut Markup) {
    let [left, right] = comparison.names();
    all.tag("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    all.tag("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    all.text(&base64(&Sha256::digest(STYLE))).tag("'; base-uri 'none'; form-action 'none'\">");
    all.tag("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    all.tag("<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\">");
    all.tag("<title>hardline drift: ").text(left).tag(" and ").text(right).tag("</title><style>").tag(STYLE);
    all.tag(
        "</style></head><body><header><div class=\"top\"><p class=\"brand\">hardline drift</p><p class=\"when\"><span>",
    );
    all.tag(concat!("version ", env!("CARGO_PKG_VERSION"))).tag("</span></p></div><h1>").text(left).tag(" and ");
    all.text(right).tag("</h1><ul class=\"tiles\">");
    let tally = comparison.tally();
    tile(tally.weaker_left, &format!("weaker in {left}"), all);
    tile(tally.weaker_right, &format!("weaker in {right}"), all);
    tile(tally.both_ways, "weaker in both", all);
    tile(tally.neither, "only different", all);
    tile(tally.allowed, "allowed", all);
    tile(tally.undecided, "not compared", all);
    all.tag("</ul></header><main>");
    if tally.differences == 0 {
        all.tag("<section><p class=\"none\">Nothing differs that nobody answers for.</p></section>");
    }
}

fn tile(count: usize, name: &str, all: &mut Markup) {
    all.tag(if count == 0 { "<li class=\"zero\">" } else { "<li class=\"info\">" }).tag("<span><strong>");
    all.number(count).tag("</strong> ").text(name).tag("</span></li>");
}

fn table(comparison: &Comparison, title: &str, group: &[&Difference], all: &mut Markup) {
    let [left, right] = comparison.names();
    all.tag("<section><h2>").text(title).tag("</h2><div class=\"wide\"><table><thead><tr>");
    all.tag("<th scope=\"col\">Severity</th><th scope=\"col\">What</th><th scope=\"col\">").text(left);
    all.tag("</th><th scope=\"col\">").text(right).tag("</th><th scope=\"col\">Weaker</th></tr></thead><tbody>");
    for one in group {
        all.tag("<tr><td>");
        badge(one.severity, all);
        all.tag("</td><th scope=\"row\">").text(&one.label);
        for place in places(one) {
            all.tag("<small>").text(&place.show()).tag("</small>");
        }
        all.tag("</th><td><code>").text(&one.left.value).tag("</code></td><td><code>").text(&one.right.value);
        all.tag("</code></td><td>");
        if one.weaker != Weaker::Neither {
            all.text(comparison.weaker_name(one.weaker));
        }
        let why = why(one);
        if !why.is_empty() {
            all.tag("<p class=\"label\">").words(&why).tag("</p>");
        }
        all.tag("</td></tr>");
    }
    all.tag("</tbody></table></div></section>");
}

/// A section of lines, left out where there are none.
fn list(head: &'static str, lines: impl Iterator<Item = String>, all: &mut Markup) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    all.tag(head);
    for line in lines {
        all.tag("<li>").words(&line).tag("</li>");
    }
    all.tag("</ul></section>");
}
