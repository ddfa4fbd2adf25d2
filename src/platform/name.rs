//! What the names of files say.

use std::path::Path;

/// Endings that say a file is made into another one, which has the name without them.
const TEMPLATES: [&str; 10] =
    [".j2", ".jinja", ".jinja2", ".tmpl", ".template", ".gotmpl", ".tpl", ".erb", ".in", ".epp"];

/// The name of the file that a template makes, in lower case.
pub fn inner_name(path: &Path) -> String {
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    while let Some(inner) = TEMPLATES.iter().find_map(|ending| name.strip_suffix(ending)) {
        name = inner.to_owned();
    }
    name
}

/// What a person would call the instance that a file configures: the file's name without its endings.
pub fn subject_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let inner = inner_name(path);
    let stem = [".conf", ".cfg", ".acl"].iter().find_map(|ending| inner.strip_suffix(ending)).unwrap_or(&inner);
    // In the file's own case: endings are ASCII, so lengths agree unless lowering changed one.
    name.get(..stem.len()).filter(|name| !name.is_empty()).unwrap_or(&name).to_owned()
}
