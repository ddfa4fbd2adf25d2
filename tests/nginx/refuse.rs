//! Small configurations with what nginx is known to say, asked of both.

use super::refuse_cases::CASES;
use super::server::{Bench, PATHS, Said};

#[test]
fn what_is_refused_and_where() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (number, (text, expected)) in CASES.iter().enumerate() {
        // A case is what stands in `http`; or everything, where it has `events`.
        let conf = if text.contains("events") {
            (*text).to_owned()
        } else {
            format!("events {{ }} http {{ {text}\n{PATHS}}}\n")
        };
        let (nginx, _) = bench.nginx(&conf);
        let (hardline, _) = bench.hardline(&conf);
        let as_expected = match (&nginx, *expected) {
            (Said::Accepted, "") => true,
            (Said::Refused(message, line), expected) if !expected.is_empty() => {
                let (at, text) = expected.split_once(' ').expect("a line and a text");
                message.contains(text) && (at == "-" || line.map(|line| line.to_string()).as_deref() == Some(at))
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{number}: {text}\n  expected {expected:?}\n  nginx    {nginx:?}"));
        }
        if !agree(&nginx, &hardline) {
            wrong.push(format!("{number}: {text}\n  nginx    {nginx:?}\n  hardline {hardline:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether two answers are the same: hardline has no line of its own for what nginx finds late, and words of
/// the operating system or the library of regular expressions are left to them.
pub fn agree(nginx: &Said, hardline: &Said) -> bool {
    match (nginx, hardline) {
        (Said::Refused(message, line), Said::Refused(own, place)) => {
            let words = |start: &str| message.starts_with(start) && own.starts_with(start);
            // Of some faults nginx says nothing.
            let same = message.is_empty()
                || message.starts_with(own.as_str())
                || words("pcre2_compile()")
                || words("cannot load certificate")
                || words("open()")
                || words("the same path name");
            same && (place.is_none() || line.is_none() && message.is_empty() || place == line)
        }
        (nginx, hardline) => nginx == hardline,
    }
}
