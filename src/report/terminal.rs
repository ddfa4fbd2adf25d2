//! For people: each finding with the lines it is about and what to do, then everything that was not decided, then
//! all the numbers.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters};

use super::{Found, Report, Shower};
use crate::finding::{Fix, Label, Safety, Severity};
use crate::mask::one_line;
use crate::text::SourceId;

mod snippet;

use snippet::Snippet;

/// How a terminal report looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether colours may be used.
    pub color: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// How many columns there are.
    pub width: usize,
}

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, show: Shower<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for found in report.failing() {
        for shown in Shown::finding(report, found, show, style) {
            draw(&shown, style, out)?;
        }
        writeln!(out)?;
    }
    undecided(report, show, style, out)?;
    if !report.bypassed.is_empty() {
        heading("bypassed", style, out)?;
        for bypassed in &report.bypassed {
            writeln!(out, "  {}: {}", show.place(bypassed.at), bypassed.check)?;
            writeln!(out, "    {}", one_line(&bypassed.reason))?;
        }
        writeln!(out)?;
    }
    if report.tally.waived > 0 {
        heading("waived", style, out)?;
        for (at, check, waiver) in report.waived() {
            writeln!(out, "  {}: {check}", show.place(at))?;
            let (reason, owner) = (one_line(&waiver.reason), one_line(&waiver.owner));
            writeln!(out, "    {reason} ({owner}, until {}, {})", waiver.until, show.place(waiver.at))?;
        }
        writeln!(out)?;
    }
    if !report.broken.is_empty() {
        heading("broken checks", style, out)?;
        for broken in &report.broken {
            writeln!(out, "  {}: {}", broken.check, one_line(&broken.error))?;
        }
        writeln!(out)?;
    }
    if let Some(fixes) = report.fixes() {
        writeln!(out, "{fixes}")?;
    }
    writeln!(out, "{}", report.summary())
}

/// Writes mistakes in a file of the user's own (a configuration, a check), each with its lines.
///
/// # Errors
/// Those of the writer.
pub fn problems(problems: &[Label], show: Shower<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for problem in problems {
        let label = Label { span: problem.span, text: String::new() };
        let shown = Shown {
            code: String::new(),
            message: one_line(&problem.text),
            severity: Severity::High,
            snippet: Some(Snippet::new(&[label], show, style.width)),
            help: None,
        };
        draw(&shown, style, out)?;
    }
    Ok(())
}

fn draw(shown: &Shown, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut theme = match (style.color, style.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (true, false) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    if !style.unicode {
        theme.characters = ThemeCharacters::ascii();
    }
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false).with_context_lines(1);
    let mut text = String::new();
    match handler.render_report(&mut text, shown) {
        // The header's line is followed by an empty one, and lines end in white space: take both away.
        Ok(()) => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .try_for_each(|line| writeln!(out, "{}", line.trim_end())),
        Err(fmt::Error) => writeln!(out, "{}: {}", shown.code, shown.message),
    }
}

fn heading(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.color { writeln!(out, "\u{1b}[1m{text}\u{1b}[0m") } else { writeln!(out, "{text}") }
}

fn undecided(report: &Report, show: Shower<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if report.undecided().next().is_none() {
        return Ok(());
    }
    heading("could not decide", style, out)?;
    for blocked in report.by_cause() {
        writeln!(out, "  {}: {}", show.place(blocked.cause.at), blocked.describe())?;
        writeln!(out, "    {}", blocked.checks.join(", "))?;
    }
    writeln!(out)
}

/// One file's part of a finding as miette wants it.
#[derive(Debug)]
struct Shown {
    code: String,
    message: String,
    severity: Severity,
    snippet: Option<Snippet>,
    help: Option<String>,
}

impl Shown {
    /// A finding: the file of its primary label first, what to do last.
    fn finding(report: &Report, found: &Found, show: Shower<'_>, style: Style) -> Vec<Shown> {
        let finding = &found.finding;
        let mut by_source: Vec<(SourceId, Vec<Label>)> = Vec::new();
        for label in std::iter::once(&finding.primary).chain(&finding.related) {
            match by_source.iter_mut().find(|(source, _)| *source == label.span.source) {
                Some((_, labels)) => match labels.iter_mut().find(|other| other.span == label.span) {
                    // One mark is enough for a place that only one of two has something to say about.
                    Some(_) if label.text.is_empty() => {}
                    Some(other) if other.text.is_empty() => other.text.clone_from(&label.text),
                    _ => labels.push(label.clone()),
                },
                None => by_source.push((label.span.source, vec![label.clone()])),
            }
        }
        let mut parts: Vec<Shown> = by_source
            .into_iter()
            .map(|(_, labels)| Snippet::new(&labels, show, style.width))
            .map(|snippet| Shown {
                code: String::new(),
                message: format!("with {}", snippet.path()),
                severity: Severity::Info,
                snippet: Some(snippet),
                help: None,
            })
            .collect();
        if let Some(first) = parts.first_mut() {
            let whose = report.subjects.get(found.subject).map_or("", |subject| &subject.name);
            first.code = format!("{}[{}] {}", finding.severity, finding.check, one_line(whose));
            first.severity = finding.severity;
            first.message = one_line(&report.message(found, show));
        }
        if let Some(last) = parts.last_mut() {
            last.help = finding.fix.as_ref().map(help);
        }
        parts
    }
}

/// What to do: the fix in one line, then what one should know.
fn help(fix: &Fix) -> String {
    let safety = match fix.words.safety {
        Safety::Safe if !fix.edits.is_empty() => " (safe fix)",
        Safety::Unsafe if !fix.edits.is_empty() => " (unsafe fix)",
        _ => "",
    };
    let mut text = format!("{}{safety}", fix.words.title);
    if !fix.words.hint.is_empty() {
        let _ = write!(text, "\n{}", fix.words.hint);
    }
    text
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(&self.code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Critical | Severity::High => miette::Severity::Error,
            Severity::Medium => miette::Severity::Warning,
            Severity::Low | Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.snippet.as_ref().map(|snippet| Box::new(snippet.labels()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
