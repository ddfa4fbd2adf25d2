//! What would help where a server does not answer.

use super::ask::{Answer, Answers, Ask};
use super::reply::Reply;

impl Answers {
    /// What would help where a question has no answer: a permission, a password, a server that answers.
    pub fn needs(&self, ask: Ask) -> String {
        let command = ask.words().join(" ");
        let login = match &self.login {
            Some(Answer::Reply(Reply::Error { code, .. })) => return format!("a login that the server takes ({code})"),
            Some(_) => "the user of the audit",
            None => "clients without a login",
        };
        match self.get(ask) {
            Some(Answer::Reply(Reply::Error { code, .. })) => match code.as_str() {
                "NOAUTH" if let Some(Answer::Missing(why)) = &self.login => format!("a login: {why}"),
                "NOAUTH" => "a user and a password for the audit".to_owned(),
                "NOPERM" => format!("`{}` for {login}", ask.permission()),
                "DENIED" => {
                    "a connection from the host itself, or a password: protected mode refuses others".to_owned()
                }
                code => format!("a server that answers `{command}` ({code}: renamed, or a managed service)"),
            },
            Some(Answer::Missing(why)) => format!("an answer to `{command}`: {why}"),
            _ => format!("an answer to `{command}`"),
        }
    }
}
