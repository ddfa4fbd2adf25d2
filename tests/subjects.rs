//! A tree of files → what is judged in it: the cases under `tests/subjects/`.
//!
//! Each case is written to a folder of its own, read as `hardline check` would, and compared with what it promises
//! about its subjects: kind, name, carrier, path, sources, version and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hardline::collect::{Request, collect};
use hardline::mask::Mask;
use hardline::platform::{Context, Reading, read_all};
use hardline::report::Shower;
use hardline::text::{DEFAULT_LIMIT, Where};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// What is given on the command line; the folder itself when nothing is.
    #[serde(default = "here")]
    paths: Vec<PathBuf>,
    /// The working folder, below the case's own.
    #[serde(default)]
    cwd: PathBuf,
    root: Option<PathBuf>,
    version: Option<String>,
    #[serde(default)]
    exclude: Vec<String>,
    stdin: Option<String>,
    stdin_name: Option<PathBuf>,
    #[serde(default)]
    repository: bool,
    #[serde(default)]
    files: BTreeMap<PathBuf, String>,
    /// Links and what they lead to.
    #[serde(default)]
    links: BTreeMap<PathBuf, PathBuf>,
    #[serde(default)]
    subject: Vec<Promised>,
    #[serde(default)]
    notice: Vec<Noted>,
}

fn here() -> Vec<PathBuf> {
    vec![PathBuf::from(".")]
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Promised {
    kind: String,
    name: String,
    carrier: String,
    path: String,
    /// All sources in any order; left out where it is the path alone.
    sources: Option<Vec<String>>,
    version: Option<String>,
    /// A part of the reason.
    because: Option<String>,
    /// Whether facts are left out because this is only a part of a configuration.
    #[serde(default)]
    partial: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    path: String,
    says: String,
}

fn write(case: &Case, folder: &Path) {
    if case.repository {
        std::fs::create_dir(folder.join(".git")).unwrap();
    }
    for (path, text) in &case.files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    for (link, target) in &case.links {
        let link = folder.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, link).unwrap();
    }
}

fn problems(case: &Case) -> Vec<String> {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().canonicalize().unwrap();
    write(case, &folder);
    let cwd = folder.join(&case.cwd);
    let collected = collect(Request {
        paths: case.paths.clone(),
        stdin_name: case.stdin_name.clone(),
        stdin: &mut case.stdin.clone().unwrap_or_default().as_bytes(),
        cwd: cwd.clone(),
        root: case.root.clone(),
        exclude_from: folder.clone(),
        exclude: case.exclude.clone(),
        platform: None,
        limit: DEFAULT_LIMIT,
    });
    let collected = match collected {
        Ok(collected) => collected,
        Err(errors) => return vec![format!("{errors:?}")],
    };
    let versions: BTreeMap<String, String> =
        case.version.iter().map(|version| ("redis".to_owned(), version.clone())).collect();
    let mut reading = Reading { notices: collected.notices, ..Reading::default() };
    let context = Context {
        files: &collected.disk,
        versions: &versions,
        wanted: &hardline::platform::Wanted::All,
        today: None,
        cache_rules: None,
    };
    let subjects = read_all(collected.found, &context, &mut reading);
    let show = Shower { sources: &reading.sources, mask: &Mask::default(), cwd: &cwd };

    let mut wrong = Vec::new();
    let mut got: Vec<String> = Vec::new();
    for subject in &subjects {
        let mut sources: Vec<String> = subject.sources.iter().map(|&source| show.path(source)).collect();
        let first = sources.first().cloned();
        if first != Some(show.path(subject.main.source)) {
            wrong.push(format!("{}: the main source is not the first of {sources:?}", subject.name));
        }
        sources.sort();
        let (path, partial) = (show.path(subject.main.source), subject.absent.is_some());
        let (kind, name, carrier) = (subject.kind, &subject.name, subject.carrier);
        got.push(format!("{kind} {name} {carrier} {path} {sources:?} {:?} {partial}", subject.version));
    }
    let mut wanted: Vec<String> = Vec::new();
    for promised in &case.subject {
        let Promised { kind, name, carrier, path, version, partial, .. } = promised;
        let mut sources = promised.sources.clone().unwrap_or_else(|| vec![path.clone()]);
        // Outside of the working folder paths are absolute.
        for source in &mut sources {
            *source = source.replace("CASE", &folder.to_string_lossy());
        }
        sources.sort();
        wanted.push(format!("{kind} {name} {carrier} {path} {sources:?} {version:?} {partial}"));
        let found = subjects.iter().find(|subject| show.path(subject.main.source) == *path);
        if let (Some(subject), Some(because)) = (found, &promised.because)
            && !subject.because.contains(because)
        {
            wrong.push(format!("{path}: `{}` does not say `{because}`", subject.because));
        }
    }
    got.sort();
    wanted.sort();
    if got != wanted {
        wrong.push(format!("got\n    {}\n  not\n    {}", got.join("\n    "), wanted.join("\n    ")));
    }
    let notices: Vec<(String, &str)> = reading
        .notices
        .iter()
        .filter(|notice| notice.at != Where::Run)
        .map(|notice| (show.notice(&notice.at).unwrap_or_default(), notice.message.as_str()))
        .collect();
    for noted in &case.notice {
        if !notices.iter().any(|(path, says)| path.starts_with(&noted.path) && says.contains(&noted.says)) {
            wrong.push(format!("no notice about {} with `{}` in {notices:?}", noted.path, noted.says));
        }
    }
    if case.notice.len() != notices.len() {
        wrong.push(format!("{} notices promised, got {notices:?}", case.notice.len()));
    }
    wrong
}

#[test]
fn each_tree_has_the_subjects_it_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/subjects");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in cases.case {
            count += 1;
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            wrong.extend(problems(&case).iter().map(|problem| format!("{name}: {}: {problem}", case.name)));
        }
    }
    assert!(count >= 40, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
