//! Access control lists: the grammar, the evaluation, the description and the ways of taking over.
//!
//! The recorded answers of real servers are compared in `oracle/acl_recorded.rs`.

use hardline::platform::redis::acl::{Answer, Evaluator};
use hardline::platform::redis::version::Version;

fn on(version: &str) -> Evaluator {
    Evaluator::new(Version::find(version).unwrap().0)
}

fn words(text: &str) -> Vec<&[u8]> {
    text.split(' ').map(str::as_bytes).collect()
}

/// What the user of these rules gets for this command: `yes`, what is missing, or what is wrong.
fn ask(version: &str, rules: &str, command: &str) -> String {
    let evaluator = on(version);
    let rules = words(rules);
    let user = match evaluator.user(&rules) {
        Ok(user) => user,
        Err(error) => return format!("{:?}", error.problem),
    };
    let command = words(command);
    let answer = evaluator.decide(&user, &command);
    match answer {
        Answer::UnknownCommand => "unknown".to_owned(),
        Answer::WrongArity(_) => "arity".to_owned(),
        Answer::Allowed { .. } => "yes".to_owned(),
        Answer::Denied { reason, .. } => reason.as_str().to_owned(),
    }
}

#[test]
fn smoke() {
    assert_eq!(ask("redis:7.4.1", "~a* +@read (~b* +set)", "get k"), "key");
    assert_eq!(ask("redis:7.4.1", "~a* +@read (~b* +set)", "get a"), "yes");
    assert_eq!(ask("redis:7.4.1", "~a* +@read (~b* +set)", "set b 1"), "yes");
    assert_eq!(ask("redis:7.4.1", "~a* +@read (~b* +set)", "set a 1"), "key");
}
