//! For people: a table for each pair, then what is allowed and what could not be compared, then all the numbers.

use std::io::{self, Write};

use super::{by_subject, open_line, why};
use crate::drift::found::{Comparison, Difference, Held};
use crate::drift::order::Weaker;
use crate::report::terminal::Style;

/// The narrowest that a column of values gets.
const NARROW: usize = 12;

/// Between two columns.
const GAP: &str = "  ";

/// Writes the comparison. `verbose` adds to each difference why it matters and where it is written.
///
/// # Errors
/// Those of the writer.
pub fn render(comparison: &Comparison, verbose: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { comparison, style, widths: widths(comparison, style.width) };
    for (title, group) in by_subject(comparison.failing()) {
        page.heading(&title, out)?;
        let [left, right] = comparison.names();
        page.row(["what", left, right, "weaker"], false, out)?;
        for one in group {
            let weaker = comparison.weaker_name(one.weaker);
            page.row([&one.label, &one.left.value, &one.right.value, weaker], one.weaker != Weaker::Neither, out)?;
            if verbose {
                page.details(one, out)?;
            }
        }
        writeln!(out)?;
    }
    if comparison.allowed().next().is_some() {
        page.heading("allowed", out)?;
        for (one, allowed) in comparison.allowed() {
            page.text(
                2,
                &format!(
                    "{}: {} in {}, {} in {}",
                    one.what,
                    one.left.value,
                    comparison.names()[0],
                    one.right.value,
                    comparison.names()[1]
                ),
                out,
            )?;
            let (reason, owner, source) = (&allowed.reason, &allowed.owner, allowed.source.show());
            page.text(4, &format!("{reason} ({owner}, until {}, {source})", allowed.until), out)?;
        }
        writeln!(out)?;
    }
    if !comparison.undecided.is_empty() {
        page.heading("could not compare", out)?;
        for one in &comparison.undecided {
            let place = one.place.as_ref().map_or_else(String::new, |place| format!("{}: ", place.show()));
            page.text(2, &format!("{place}{}", open_line(comparison, one)), out)?;
        }
        writeln!(out)?;
    }
    page.text(0, &comparison.summary(), out)
}

/// How wide the columns are: each as wide as it needs, the values cut to what is left.
fn widths(comparison: &Comparison, width: usize) -> [usize; 4] {
    let [left, right] = comparison.names();
    let widest = |of: &dyn Fn(&Difference) -> usize| comparison.failing().map(of).max().unwrap_or(0);
    let count = |text: &str| text.chars().count();
    let label = widest(&|one| count(&one.label)).clamp(4, 28);
    let weaker = [left, right].iter().map(|name| count(name)).max().unwrap_or(0).clamp(7, 16);
    let rest = width.saturating_sub(2 + label + weaker + 3 * GAP.len());
    let need = |of: fn(&Difference) -> &Held, name: &str| widest(&|one| count(&of(one).value)).max(count(name));
    let (one, other) = (need(|one| &one.left, left), need(|one| &one.right, right));
    if one + other <= rest {
        return [label, one, other, weaker];
    }
    // Who needs less than half gets all of it.
    let half = rest / 2;
    let one = if one <= half { one } else { rest.saturating_sub(other).max(half) };
    [label, one.max(NARROW), rest.saturating_sub(one).max(NARROW).min(other.max(NARROW)), weaker]
}

struct Page<'a> {
    comparison: &'a Comparison,
    style: Style,
    widths: [usize; 4],
}

impl Page<'_> {
    fn heading(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        match self.style.color {
            true => writeln!(out, "\u{1b}[1m{text}\u{1b}[0m"),
            false => writeln!(out, "{text}"),
        }
    }

    /// A row of the table, in as many lines as its longest cell needs.
    fn row(&self, cells: [&str; 4], is_weak: bool, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<Vec<String>> = cells.iter().zip(self.widths).map(|(cell, width)| wrap(cell, width)).collect();
        let height = lines.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let mut line = String::from(" ");
            for (column, width) in lines.iter().zip(self.widths).take(3) {
                let text = column.get(number).map_or("", String::as_str);
                line.push_str(&format!(" {text:<width$} "));
            }
            let weaker = lines.last().and_then(|column| column.get(number)).map_or("", String::as_str);
            match self.style.color && is_weak && !weaker.is_empty() {
                true => line.push_str(&format!(" \u{1b}[31m{weaker}\u{1b}[0m")),
                false => line.push_str(&format!(" {weaker}")),
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn details(&self, one: &Difference, out: &mut dyn Write) -> io::Result<()> {
        let why = why(one);
        if !why.is_empty() {
            self.text(6, &why, out)?;
        }
        let [left, right] = self.comparison.names();
        for (name, held) in [(left, &one.left), (right, &one.right)] {
            let places: Vec<String> = held.places.iter().map(|place| place.show()).collect();
            if !places.is_empty() {
                self.text(6, &format!("{name}: {}", places.join(", ")), out)?;
            }
        }
        Ok(())
    }

    fn text(&self, indent: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
        for (number, line) in wrap(text, self.style.width.saturating_sub(indent + 2)).into_iter().enumerate() {
            let indent = if number == 0 { indent } else { indent + 2 };
            writeln!(out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

/// A text in lines of at most `width` characters, between words where it can be.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let space = usize::from(used > 0);
            if used + space + word.len() <= width {
                if let Some(line) = lines.last_mut() {
                    if space == 1 {
                        line.push(' ');
                    }
                    line.extend(&word);
                }
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let rest = word.split_off(width);
            if let Some(line) = lines.last_mut() {
                line.extend(&word);
            }
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}
