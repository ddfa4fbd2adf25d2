//! Reports as a command's output: in which format, into which files, and with which exit code.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hardline::finding::Severity;
use hardline::project::Facts;
use hardline::report::terminal::Style;
use hardline::report::{Report, Shower, concise, github, html, json, markdown, prometheus, sarif, terminal};

use super::{Color, Failure, Screen, style, tell};

/// Where reports go, and what makes them a failure.
#[derive(Args, Clone)]
pub(super) struct Reporting {
    /// What standard output gets [default: terminal on a terminal, else concise]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes a further report to a file; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// The mildest severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    fail_on: Severity,
    /// Leaves the notices on standard error out
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: findings with their lines
    Terminal,
    /// One line for each thing
    Concise,
    /// For programs; `hardline schema report` describes it
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For the log of GitHub Actions, which shows it at the lines
    Github,
    /// For a comment on a pull request or a job's summary
    Markdown,
    /// For people: one page with everything, for a browser or a printer
    Html,
    /// Metrics for the textfile collector of Prometheus' node exporter
    Prometheus,
}

impl Format {
    fn shows_fixes(self) -> bool {
        !matches!(self, Format::Concise | Format::Github | Format::Prometheus)
    }
}

/// `FORMAT=FILE`.
fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, such as json=report.json")?;
    Ok((Format::from_str(format, false)?, PathBuf::from(file)))
}

impl Reporting {
    /// The format of standard output.
    pub fn format(&self, screen: &Screen) -> Format {
        let usual = if screen.is_terminal { Format::Terminal } else { Format::Concise };
        self.format.unwrap_or(usual)
    }

    /// Whether some format shows fixes as far as bytes.
    pub fn shows_fixes(&self, screen: &Screen) -> bool {
        self.format(screen).shows_fixes() || self.output.iter().any(|(format, _)| format.shows_fixes())
    }

    /// Whether nothing but the report is wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells the notices, writes all reports, and gives the exit code.
    pub fn write(
        &self,
        (report, facts): (&Report, &Facts),
        strict: bool,
        cwd: &Path,
        color: Color,
        screen: &mut Screen,
    ) -> Result<u8, Failure> {
        let show = facts.shower(cwd);
        if !self.quiet {
            tell(&report.notices, show);
        }
        for (format, file) in &self.output {
            let mut bytes = Vec::new();
            render(*format, report, show, style(color, false), &mut bytes)?;
            write_file(file, cwd, &bytes)?;
        }
        let code = report.exit_code(self.fail_on, strict);
        shown(render(self.format(screen), report, show, screen.style, &mut screen.out), code)
    }
}

/// The exit code, once everything is on standard output.
pub(super) fn shown(written: io::Result<()>, code: u8) -> Result<u8, Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        // Whoever reads it has seen enough; the code is the same.
        _ => Ok(code),
    }
}

/// Writes a further report; what goes wrong names the file.
pub(super) fn write_file(file: &Path, cwd: &Path, bytes: &[u8]) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    write_whole(&cwd.join(file), bytes).map_err(named)
}

/// Writes a file that others may read at any time: they see the old one or the new one. What is no file (a device, a
/// pipe) is written as it is.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_file = fs::symlink_metadata(path).map_or(true, |known| known.is_file());
    let Some(name) = path.file_name().filter(|_| is_file) else { return fs::write(path, bytes) };
    let part = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let done = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if done.is_err() {
        // A folder in which nothing can be made may still have a file that can be written.
        let _ = fs::remove_file(&part);
        return fs::write(path, bytes);
    }
    done
}

fn render(format: Format, report: &Report, show: Shower<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::render(report, show, style, out),
        Format::Concise => concise::render(report, show, out),
        Format::Json => json::render(report, show, out),
        Format::Sarif => sarif::render(report, show, out),
        Format::Github => github::render(report, show, out),
        Format::Markdown => markdown::render(report, show, out),
        Format::Html => html::render(report, show, out),
        Format::Prometheus => prometheus::render(report, show, out),
    }
}
