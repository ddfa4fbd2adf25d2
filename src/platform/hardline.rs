//! hardline itself: the waivers of a project as facts, so that checks on them are checks like any other.
//!
//! It is among the platforms for its schema, and claims no file: waivers stand in `hardline.toml`, which is read as
//! configuration, and in comments of files that are other platforms'. Whether one is used only the verdicts say, so
//! [`crate::waive`] makes its subjects, one for each file that holds waivers, when all other checks have judged.

pub mod comment;

use std::path::Path;
use std::sync::Arc;

use super::{Claimed, Context, Interest, Platform, Reading};
use crate::edit::{EditError, EditOp, TextEdit};
use crate::fact::{Fact, Record, Subject, Value, Why};
use crate::files::Location;
use crate::mask::Hidden;
use crate::schema::{Field, Root, Type};
use crate::text::{Said, Source, SourceId, Sources, Span};
use crate::waiver::{Form, Written};

/// The platform.
pub struct Hardline;

/// Its name.
pub const NAME: &str = "hardline";

const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

static WAIVER: &[Field] = &[
    field("accountable", Type::Bool, "whether it has an owner and a reason"),
    field("asked", Type::Bool, "whether this run could have used it: its check ran, on what it is about"),
    field("broad", Type::Bool, "whether `where` is made of wildcards alone"),
    field("check", Type::Text, "the check that it waives, as written"),
    field("days_left", Type::Int, "how many days it still holds; negative once it is over"),
    field("expired", Type::Bool, "whether its last day is over"),
    field("form", Type::Text, "`file` in hardline.toml, `inline` in a comment"),
    field("formerly_of", Type::Text, "the present id of the check, if the one written is a former one"),
    field("known_check", Type::Bool, "whether there is such a check"),
    field("malformed", Type::Bool, "whether it cannot be read, or lacks its check, its place or its end"),
    field("nearest", Type::Text, "the id of a check that was perhaps meant, if there is no such check"),
    field("owner", Type::Text, "who answers for it"),
    field("problem", Type::Text, "what is wrong with one that is malformed"),
    field("reason", Type::Text, "why it is right"),
    field("rollback", Type::Text, "how to undo it"),
    field("until", Type::Text, "its last day, such as 2027-03-31"),
    field("used", Type::Bool, "whether something is waived by it"),
    field("waives", Type::Int, "how many findings and unknowns are waived by it"),
    field("where", Type::Text, "what it is about: a glob, the name of a subject, a fingerprint; empty for a comment"),
];

static TOP: &[Field] =
    &[field("waivers", Type::List(&Type::Record(&[WAIVER])), "the waivers in one file, in the order of their places")];

static SCHEMA: Root = Root { name: NAME, fields: &[TOP] };

impl Platform for Hardline {
    fn schema(&self) -> &'static Root {
        &SCHEMA
    }

    fn interest(&self, _: &str, _: &str) -> Interest {
        Interest::None
    }

    fn secrets(&self, _: &Source) -> Vec<Hidden> {
        Vec::new()
    }

    fn claims(&self, _: &Path, _: &[u8]) -> Option<String> {
        None
    }

    fn read(&self, _: &[Claimed], _: &Context<'_>, _: &mut Reading) -> Vec<Subject> {
        Vec::new()
    }

    fn edit(&self, _: &Sources, _: &Subject, _: &EditOp) -> Result<Vec<TextEdit>, EditError> {
        Err(EditError::Unsupported("waivers are for a person to change".to_owned()))
    }
}

/// What is known of a waiver once checks have judged.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The present id of its check, if there is such a check.
    pub check: Option<Arc<str>>,
    /// The id that was perhaps meant, if there is none.
    pub nearest: String,
    /// How many days it still holds.
    pub days_left: i64,
    /// Whether this run could have used it.
    pub asked: bool,
    /// How many things it waives.
    pub waives: usize,
    /// Whether its glob is made of wildcards alone.
    pub broad: bool,
}

/// A subject for each file that holds waivers. Without a state nothing has judged yet, and what only verdicts say is
/// unknown.
pub fn subjects(waivers: &[(&Written, Option<&State>)], sources: &Sources) -> Vec<Subject> {
    let mut files: Vec<SourceId> = waivers.iter().map(|(written, _)| written.at.source).collect();
    files.sort_unstable();
    files.dedup();
    files.into_iter().map(|file| subject(sources.get(file), waivers)).collect()
}

fn subject(source: &Source, waivers: &[(&Written, Option<&State>)]) -> Subject {
    let here = waivers.iter().filter(|(written, _)| written.at.source == source.id());
    let facts: Vec<Fact> = here.map(|(written, state)| waiver(written, *state)).collect();
    let spans: Vec<Span> = facts.iter().filter_map(|fact| fact.spans().first().copied()).collect();
    let path = source.place().path().unwrap_or(Path::new(""));
    Subject {
        kind: NAME,
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        carrier: if path.extension().is_some_and(|it| it == "toml") { "hardline.toml" } else { "comments" },
        because: "holds waivers".to_owned(),
        main: source.whole(),
        location: Location::Here(path.to_path_buf()),
        sources: vec![source.id()],
        version: None,
        worlds: Arc::from([]),
        facts: Record::new([("waivers", Fact::derived(facts, spans))]),
        lacks: [].into(),
        absent: None,
    }
}

fn waiver(written: &Written, state: Option<&State>) -> Fact {
    let at = written.at;
    let text = |said: &Option<Said<String>>| match said {
        Some(said) => Fact::written(said.it.clone(), said.at),
        None => Fact::default("", at, "not said"),
    };
    let until = match &written.until {
        Some(said) => Fact::written(said.it.to_string(), said.at),
        None => Fact::default("", at, "not said"),
    };
    let problem = match &written.problem {
        Some(problem) => Fact::derived(problem.text.clone(), [problem.span]),
        None => Fact::default("", at, "nothing is wrong"),
    };
    let (of_check, of_until) =
        (written.check.as_ref().map_or(at, |it| it.at), written.until.as_ref().map_or(at, |it| it.at));
    // What follows from the verdicts of a run.
    let judged = |value: &dyn Fn(&State) -> Value, from: Span| match state {
        Some(state) => Fact::derived(value(state), [from]),
        None => Fact::unknown(Why::NotSupported, from, "the verdicts of `hardline check`"),
    };
    let former = |state: &State| {
        let now = state.check.as_deref().unwrap_or_default();
        if written.check.as_ref().is_some_and(|said| said.it == now) { "" } else { now }.to_owned().into()
    };
    let form = if written.form == Form::File { "file" } else { "inline" };
    let count = |state: &State| i64::try_from(state.waives).unwrap_or(i64::MAX);
    Fact::record(
        [
            ("accountable", Fact::derived(written.is_accountable(), [at])),
            ("asked", judged(&|state| state.asked.into(), of_check)),
            ("broad", judged(&|state| state.broad.into(), written.place.as_ref().map_or(at, |it| it.at))),
            ("check", text(&written.check)),
            ("days_left", judged(&|state| state.days_left.into(), of_until)),
            ("expired", judged(&|state| (written.until.is_some() && state.days_left < 0).into(), of_until)),
            ("form", Fact::derived(form, [at])),
            ("formerly_of", judged(&former, of_check)),
            ("known_check", judged(&|state| state.check.is_some().into(), of_check)),
            ("malformed", Fact::derived(written.problem.is_some(), [at])),
            ("nearest", judged(&|state| state.nearest.clone().into(), of_check)),
            ("owner", text(&written.owner)),
            ("problem", problem),
            ("reason", text(&written.reason)),
            ("rollback", text(&written.rollback)),
            ("until", until),
            ("used", judged(&|state| (state.waives > 0).into(), of_check)),
            ("waives", judged(&|state| count(state).into(), of_check)),
            ("where", text(&written.place)),
        ],
        [at],
    )
}
