//! What one version of the server makes of a configuration: the settings in force with their places, what is written
//! but not in force, users, modules and renamed commands, and why the server would refuse to start.
//!
//! Nothing here judges. What cannot be known is [`Unknown`] with a reason and a place.

mod after;
mod evaluate;

use std::sync::Arc;

use super::directive::{SettingId, Spec};
use super::include::Library;
use super::show;
use super::split::Word;
use super::value::Typed;
use super::version::Version;
use crate::fact::{Fact, Name, Unknown};
use crate::files::Location;
use crate::platform::sentinel::watch::{Statement, Watch};
use crate::text::{SourceId, Span};

/// How a configuration is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As the server would on this machine: what is missing here is missing.
    Server,
    /// As a file among others: what is out of reach is unknown, and a template may still decide.
    Check,
}

/// Where reading starts.
#[derive(Debug, Clone)]
pub struct Start {
    /// The configuration file.
    pub main: SourceId,
    /// Where it is, so that a file which includes itself is seen.
    pub at: Location,
    /// Standard input, if the server reads it.
    pub stdin: Option<SourceId>,
    /// The text made of the command line, if there is one.
    pub options: Option<SourceId>,
    /// The working folder.
    pub folder: Location,
    /// How to look at it.
    pub mode: Mode,
    /// Whether the server runs as a Sentinel.
    pub sentinel: bool,
}

/// What is asked of the ACL rules while a configuration is read: `so_far` is what has been read of it.
pub trait Rules {
    /// Whether the server has a command (`config`) or a subcommand (`config|get`) of this name, in lower case.
    fn command(&self, so_far: &Loaded, name: &[u8]) -> bool;

    /// What the server makes of a `user` line at once, as far as that is known before all is read. The words are all
    /// of the line; none of them is templated. `again` says whether an earlier line is for the same user.
    ///
    /// # Errors
    /// The server refuses it: the number of the word it blames, and its message.
    fn take(&self, so_far: &Loaded, words: &[Word], again: bool) -> Result<Option<Taken>, (usize, String)>;
}

/// What one version makes of a configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The version.
    pub version: &'static Version,
    /// Whether the server runs as a Sentinel.
    pub sentinel: bool,
    world: usize,
    /// Every value that was written, in the order in which the server reads them.
    pub writes: Vec<Write>,
    /// For each setting, one more than the place of its last write in `writes`; 0 for none.
    last: Vec<u32>,
    /// What may have changed any setting written before it.
    pub poisons: Vec<Poison>,
    /// The `user` lines.
    pub users: Listed<UserLine>,
    /// The `rename-command` lines.
    pub renames: Listed<Rename>,
    /// The `loadmodule` lines.
    pub modules: Listed<Module>,
    /// The `sentinel …` lines of a Sentinel.
    pub statements: Vec<Statement>,
    /// What a Sentinel makes of them, when all is read.
    pub watch: Watch,
    /// Settings that only a module can know.
    pub module_settings: Vec<ModuleSetting>,
    /// The `include` lines that were followed.
    pub includes: Vec<Include>,
    /// Every source that was read, the main one first.
    pub sources: Vec<SourceId>,
    /// Why the server would not start, in the order in which it would find out.
    pub refusals: Vec<Refusal>,
    /// Why it may not start although nothing known is wrong.
    pub doubts: Vec<Unknown>,
    /// The working folder when all is read.
    pub folder: Result<Location, Unknown>,
    /// The end of the main source: where a setting that is missing could be written.
    pub end: Span,
}

/// A list that may hold more than could be seen.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// What is known to be there, in order.
    pub items: Vec<T>,
    /// Why there may be more, if there may.
    pub rest: Option<Unknown>,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed { items: Vec::new(), rest: None }
    }
}

/// A value of a setting that is written.
#[derive(Debug, Clone)]
pub struct Write {
    /// The setting.
    pub setting: SettingId,
    /// Its name, as it is written.
    pub key: Span,
    /// Its values, from the first to the last; empty and after the name where there are none.
    pub value: Span,
    /// What holds from there on. Settings that accumulate have all that was gathered so far.
    pub typed: Result<Typed, Unknown>,
}

/// Something that could have written any setting.
#[derive(Debug, Clone)]
pub struct Poison {
    /// How many writes came before it.
    pub after: usize,
    /// What it is.
    pub unknown: Unknown,
}

/// A `user` line.
#[derive(Debug, Clone)]
pub struct UserLine {
    /// All its words: `user`, the name, the rules.
    pub words: Arc<[Word]>,
    /// The whole line.
    pub span: Span,
    /// What the server made of it at once.
    pub taken: Option<Taken>,
}

/// What a version makes of a `user` line whose rules it knows all.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Whether new users had all channels when it was read.
    pub open_channels: bool,
    /// The words on which the server ends later, and when.
    pub crashes: Vec<(usize, &'static str)>,
}

impl UserLine {
    /// The name of the user.
    pub fn name(&self) -> Option<&Word> {
        self.words.get(1)
    }

    /// The rules.
    pub fn rules(&self) -> &[Word] {
        self.words.get(2..).unwrap_or_default()
    }
}

/// A `rename-command` line.
#[derive(Debug, Clone)]
pub struct Rename {
    /// The name it has no longer.
    pub from: Word,
    /// The name it has now; empty for none.
    pub to: Word,
}

/// A `loadmodule` line.
#[derive(Debug, Clone)]
pub struct Module {
    /// The path.
    pub path: Word,
    /// Its arguments.
    pub arguments: Box<[Word]>,
}

/// A line that only a module can know.
#[derive(Debug, Clone)]
pub struct ModuleSetting {
    /// Its name, then its value.
    pub words: Box<[Word]>,
    /// The whole line.
    pub span: Span,
}

/// An `include` line that was followed.
#[derive(Debug, Clone)]
pub struct Include {
    /// The path or pattern.
    pub path: Word,
    /// What it led to.
    pub sources: Vec<SourceId>,
}

/// When the server finds a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// While it reads its configuration.
    Reading,
    /// While it sets itself up.
    Setup,
    /// When it loads modules.
    Modules,
    /// When it loads users.
    Users,
    /// When it opens its sockets.
    Listening,
    /// When it loads its data, or is asked about what it has.
    Running,
}

/// Why the server would not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When it finds out.
    pub phase: Phase,
    /// What it says, or what is wrong where it says nothing.
    pub message: String,
    /// What is at fault.
    pub at: Span,
}

/// What is known of a setting.
#[derive(Debug, Clone)]
pub enum Held<'a> {
    /// The version does not have it.
    Absent,
    /// Nothing is written.
    Default(&'static Typed),
    /// It is written there.
    Written(&'a Write, &'a Typed),
    /// It cannot be told.
    Unknown(&'a Unknown),
}

impl Held<'_> {
    /// The value, if it is known.
    pub fn typed(&self) -> Option<&Typed> {
        match self {
            Held::Default(typed) => Some(typed),
            Held::Written(_, typed) => Some(typed),
            Held::Absent | Held::Unknown(_) => None,
        }
    }
}

/// Reads a configuration as one version does.
pub fn load(version: &'static Version, start: &Start, library: &mut Library<'_>, rules: &dyn Rules) -> Loaded {
    evaluate::load(version, start, library, rules)
}

impl Loaded {
    /// The number of its version in [`super::version::VERSIONS`].
    pub fn world(&self) -> usize {
        self.world
    }

    /// What a setting is in this version, if the version has it.
    pub fn spec(&self, setting: SettingId) -> Option<&'static Spec> {
        setting.spec(self.world)
    }

    /// What is known of a setting.
    pub fn held(&self, setting: SettingId) -> Held<'_> {
        let Some(spec) = self.spec(setting) else { return Held::Absent };
        self.written(setting).unwrap_or_else(|| Held::Default(&show::unwritten(spec).typed))
    }

    /// What is known of a setting of which something may be written; `None` where nothing is.
    fn written(&self, setting: SettingId) -> Option<Held<'_>> {
        let last = self.last_write(setting);
        let written_at = last.map_or(0, |(index, _)| index + 1);
        let poison = self.poisons.iter().rev().find(|poison| poison.after >= written_at);
        match (poison, last) {
            (Some(poison), _) => Some(Held::Unknown(&poison.unknown)),
            (None, Some((_, write))) => Some(match &write.typed {
                Ok(typed) => Held::Written(write, typed),
                Err(unknown) => Held::Unknown(unknown),
            }),
            (None, None) => None,
        }
    }

    /// Says of a setting that it is not known, because of what is at this place.
    pub fn leave_open(&mut self, setting: SettingId, unknown: Unknown) {
        let at = unknown.at;
        self.writes.push(Write { setting, key: at, value: at, typed: Err(unknown) });
        if let (Some(last), Ok(count)) = (self.last.get_mut(setting.index()), u32::try_from(self.writes.len())) {
            *last = count;
        }
    }

    /// Says of all settings that they are not known.
    pub fn leave_all_open(&mut self, unknown: Unknown) {
        self.poisons.push(Poison { after: self.writes.len(), unknown });
    }

    /// Whether two versions that have a setting certainly say the same of it.
    pub fn agrees(&self, other: &Loaded, setting: SettingId) -> bool {
        let (Some(spec), Some(its)) = (self.spec(setting), other.spec(setting)) else { return false };
        match (self.written(setting), other.written(setting)) {
            (None, None) => {
                let alike = || spec.shows_like(its) && spec.name == its.name && spec.default == its.default;
                spec.number == its.number || alike()
            }
            (Some(Held::Written(one, typed)), Some(Held::Written(other, theirs))) => {
                spec.shows_like(its) && one.value == other.value && typed == theirs
            }
            (Some(Held::Unknown(one)), Some(Held::Unknown(other))) => one == other,
            _ => false,
        }
    }

    /// What is known of the setting of this name (the key of the data file).
    pub fn named(&self, name: &str) -> Held<'_> {
        SettingId::of(name).map_or(Held::Absent, |setting| self.held(setting))
    }

    /// The last write of a setting, whether or not something after it may have changed it again.
    pub fn last_write(&self, setting: SettingId) -> Option<(usize, &Write)> {
        let index = (*self.last.get(setting.index())? as usize).checked_sub(1)?;
        Some((index, self.writes.get(index)?))
    }

    /// The writes that a later one of the same setting has undone, each with the last one, by setting and the first one
    /// first. Those of settings that accumulate are still in force as far as the last one holds them.
    pub fn overridden(&self) -> Vec<(&Write, &Write)> {
        let winner = |(index, write): (usize, &'_ Write)| {
            self.last_write(write.setting).filter(|(last, _)| index < *last).map(|(_, last)| last)
        };
        let writes = self.writes.iter().enumerate();
        let mut undone: Vec<_> = writes.filter_map(|(index, write)| Some((write, winner((index, write))?))).collect();
        undone.sort_by_key(|(write, _)| write.setting);
        undone
    }

    /// Whether the server would start, as far as its configuration file decides.
    pub fn accepted(&self) -> Option<bool> {
        match (self.refusals.is_empty(), self.doubts.is_empty()) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        }
    }

    /// A setting as a fact; `None` where the version does not have it.
    pub fn fact(&self, setting: SettingId) -> Option<(Name, Fact)> {
        let spec = self.spec(setting)?;
        let name = setting.setting().fact;
        let fact = match self.held(setting) {
            Held::Absent => return None,
            Held::Unknown(unknown) => Fact::Unknown(unknown.clone()),
            Held::Written(write, typed) => Fact::written(show::value(spec, typed, write.value), write.value),
            Held::Default(typed) => {
                let unwritten = show::unwritten(spec);
                let value = unwritten.value.clone().unwrap_or_else(|| show::value(spec, typed, self.end));
                Fact::default(value, self.end, unwritten.because.clone())
            }
        };
        Some((name, fact))
    }
}
