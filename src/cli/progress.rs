//! How far a command is: one line at the end of the terminal, drawn again and again, and gone before more is said.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hardline::audit::Step;

/// What is over sooner needs no bar.
const SOON: Duration = Duration::from_secs(1);

/// How often it is drawn.
const PAUSE: Duration = Duration::from_millis(100);

/// The most that the bar itself takes of a line.
const LONGEST: usize = 40;

/// A bar on standard error.
pub(super) struct Bar {
    state: Arc<Mutex<State>>,
    drawing: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    step: Option<Step>,
    ended: bool,
}

impl Bar {
    /// A bar, where standard error is a terminal and somebody wants one.
    pub(super) fn start(wanted: bool) -> Bar {
        let state = Arc::new(Mutex::new(State::default()));
        let drawing = (wanted && io::stderr().is_terminal()).then(|| {
            let state = Arc::clone(&state);
            thread::spawn(move || draw(&state))
        });
        Bar { state, drawing }
    }

    /// So far it is.
    pub(super) fn set(&self, step: Step) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Servers end side by side, and what is told last may be older.
        if state.step.is_none_or(|before| before.done <= step.done) {
            state.step = Some(step);
        }
    }

    /// Takes it away. What is written after this begins on an empty line.
    pub(super) fn end(self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        if let Some(drawing) = self.drawing {
            drawing.thread().unpark();
            // A bar that could not be drawn is none.
            let _ = drawing.join();
        }
    }
}

fn draw(state: &Mutex<State>) {
    let (started, mut drawn) = (Instant::now(), String::new());
    loop {
        thread::park_timeout(PAUSE);
        let (step, ended) = {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.step, state.ended)
        };
        if ended {
            break;
        }
        let Some(step) = step.filter(|_| started.elapsed() > SOON) else { continue };
        let width = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
        let line = line(step, width);
        if line != drawn {
            let rest = drawn.len().saturating_sub(line.len());
            let _ = write!(io::stderr().lock(), "\r{line}{:rest$}", "");
            drawn = line;
        }
    }
    if !drawn.is_empty() {
        let _ = write!(io::stderr().lock(), "\r{:1$}\r", "", drawn.len());
    }
}

/// The bar and the numbers, shorter than the terminal is wide: a line that it breaks cannot be drawn over.
fn line(step: Step, width: usize) -> String {
    let Step { done, all, silent } = step;
    let numbers = match silent {
        0 => format!("{done} of {all} servers"),
        _ => format!("{done} of {all} servers, {silent} silent"),
    };
    let room = width.saturating_sub(numbers.len() + 4).min(LONGEST);
    let mut line = numbers;
    if room >= 10 {
        let full = (room * done).checked_div(all).unwrap_or(0).min(room);
        line = format!("[{}{}] {line}", "#".repeat(full), ".".repeat(room - full));
    }
    line.truncate(width.saturating_sub(1));
    line
}
