//! What a fix changes, as a unified diff that may be shown: secrets are `***`.

use std::fmt::Write as _;
use std::ops::Range;

use crate::mask::Mask;
use crate::text::{SourceId, Sources};

/// How many unchanged lines are shown around a change.
const AROUND: usize = 3;

/// How many lines two texts may differ in before they count as wholly different: the search grows with its square.
const SEARCHED: usize = 2000;

/// A source among those that were read with it, and what must not be shown of them.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Everything that was read.
    pub sources: &'a Sources,
    /// What must not be shown.
    pub mask: &'a Mask,
    /// The source that is meant.
    pub source: SourceId,
}

impl Side<'_> {
    /// The bytes of each line, its ending included.
    fn lines(&self) -> Vec<&[u8]> {
        let bytes = self.sources.get(self.source).bytes();
        bytes.split_inclusive(|&byte| byte == b'\n').collect()
    }

    /// A line, from 0, as it may be shown.
    fn shown(&self, line: usize) -> String {
        let source = self.sources.get(self.source);
        self.mask.show(self.sources, source.line_span(line + 1)).text
    }
}

/// The unified diff of a file, empty where nothing is changed. `path` is shown.
pub fn unified(path: &str, before: Side<'_>, after: Side<'_>) -> String {
    let (old, new) = (before.lines(), after.lines());
    let changes = changes(&old, &new);
    let mut text = String::new();
    if changes.is_empty() {
        return text;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "--- {path}\n+++ {path}");
    let close = |pair: &[Change]| pair[1].old.start - pair[0].old.end <= 2 * AROUND;
    let mut rest = changes.as_slice();
    while !rest.is_empty() {
        let joined = 1 + rest.windows(2).take_while(|pair| close(pair)).count();
        let (hunk, later) = rest.split_at(joined);
        write_hunk(&mut text, hunk, (&before, &old), (&after, &new));
        rest = later;
    }
    text
}

/// Lines that go, and those that come in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

type Lines<'a> = (&'a Side<'a>, &'a [&'a [u8]]);

fn write_hunk(text: &mut String, hunk: &[Change], (before, old): Lines<'_>, (after, new): Lines<'_>) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
    let lead = first.old.start.min(AROUND);
    let trail = (old.len() - last.old.end).min(AROUND);
    let range = |start: usize, end: usize| {
        // Of no lines, the number is that of the line before.
        let number = if start == end { start } else { start + 1 };
        if end - start == 1 { number.to_string() } else { format!("{number},{}", end - start) }
    };
    let (old_range, new_range) =
        (range(first.old.start - lead, last.old.end + trail), range(first.new.start - lead, last.new.end + trail));
    let _ = writeln!(text, "@@ -{old_range} +{new_range} @@");
    let mut line = |sign: char, side: &Side<'_>, lines: &[&[u8]], number: usize| {
        let _ = writeln!(text, "{sign}{}", side.shown(number));
        if lines.get(number).is_some_and(|line| !line.ends_with(b"\n")) {
            text.push_str("\\ No newline at end of file\n");
        }
    };
    let mut at = first.old.start - lead;
    for change in hunk {
        (at..change.old.start).for_each(|number| line(' ', before, old, number));
        change.old.clone().for_each(|number| line('-', before, old, number));
        change.new.clone().for_each(|number| line('+', after, new, number));
        at = change.old.end;
    }
    (at..at + trail).for_each(|number| line(' ', before, old, number));
}

/// The fewest lines that make one text of the other (Myers, "An O(ND) Difference Algorithm", 1986).
fn changes(old: &[&[u8]], new: &[&[u8]]) -> Vec<Change> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (inner_old, inner_new) = (&old[head..], &new[head..]);
    let tail = inner_old.iter().rev().zip(inner_new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (inner_old, inner_new) = (&inner_old[..inner_old.len() - tail], &inner_new[..inner_new.len() - tail]);
    let steps = steps(inner_old, inner_new);
    let mut changes: Vec<Change> = Vec::new();
    for (x, y, goes) in steps {
        let (x, y) = (head + x, head + y);
        let (old, new) = if goes { (x..x + 1, y..y) } else { (x..x, y..y + 1) };
        match changes.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => changes.push(Change { old, new }),
        }
    }
    changes
}

/// Each line that goes (`true`) or comes, with where both texts are then.
fn steps(old: &[&[u8]], new: &[&[u8]]) -> Vec<(usize, usize, bool)> {
    let all = || {
        let goes = (0..old.len()).map(|x| (x, 0, true));
        goes.chain((0..new.len()).map(|y| (old.len(), y, false))).collect()
    };
    let bound = (old.len() + new.len()).min(SEARCHED);
    // How far each diagonal is reached with so many differences; those of every round are kept for the way back.
    let mut reached = vec![0_usize; 2 * bound + 3];
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let index = |diagonal: isize| (diagonal + bound as isize + 1).unsigned_abs();
    let down = |reached: &[usize], diagonal: isize, count: isize| {
        diagonal == -count || diagonal != count && reached[index(diagonal - 1)] < reached[index(diagonal + 1)]
    };
    for count in 0..=bound as isize {
        rounds.push(reached[index(-count)..=index(count)].to_vec());
        for diagonal in (-count..=count).step_by(2) {
            let from_above = down(&reached, diagonal, count);
            let mut x = if from_above { reached[index(diagonal + 1)] } else { reached[index(diagonal - 1)] + 1 };
            let mut y = (x as isize - diagonal).unsigned_abs();
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            reached[index(diagonal)] = x;
            if x >= old.len() && y >= new.len() {
                return way_back(&rounds, (old.len(), new.len()));
            }
        }
    }
    all()
}

/// The steps to the end of both texts, from what was reached before each round.
fn way_back(rounds: &[Vec<usize>], (mut x, mut y): (usize, usize)) -> Vec<(usize, usize, bool)> {
    let mut steps = Vec::new();
    for (count, reached) in rounds.iter().enumerate().skip(1).rev() {
        let count = count as isize;
        // A round holds the diagonals from -count to count.
        let at = |diagonal: isize| reached.get((diagonal + count).unsigned_abs()).copied().unwrap_or(0);
        let diagonal = x as isize - y as isize;
        let comes = diagonal == -count || diagonal != count && at(diagonal - 1) < at(diagonal + 1);
        let before = if comes { diagonal + 1 } else { diagonal - 1 };
        x = at(before);
        y = (x as isize - before).unsigned_abs();
        steps.push((x, y, !comes));
    }
    steps.reverse();
    steps
}
