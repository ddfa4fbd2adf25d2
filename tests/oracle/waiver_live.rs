//! Every comment that hardline suggests, given to every server: it starts, as Redis and as a Sentinel. Where hardline
//! says that a comment must not stand, it does not start.

use hardline::date::Date;
use hardline::platform::hardline::comment;
use hardline::text::{Place, Sources};

use crate::oracle::servers::{self, Setup, Started};

const REASONS: [&str; 5] =
    ["loopback only", "it's \"so", "100 % -- # hardline: allow", "Größe 大", "\\x00 ${HOME} {{ x }}"];

/// The comments that `hardline waive --inline` prints for these reasons, one of them behind blanks.
fn comments(check: &str) -> String {
    let until = Date::parse("2099-12-31").unwrap();
    let lines = REASONS.iter().map(|reason| comment::text(check, "@platform", until, reason) + "\n");
    lines.collect::<String>() + " \t" + &comment::text(check, "ops", until, "behind blanks") + "\n"
}

#[test]
fn servers_start_with_every_comment_that_is_suggested() {
    let (redis, sentinel) = (comments("redis/no-tls"), comments("sentinel/quorum-of-one"));
    let plain = Setup::of(&format!("{redis}port {{PORT}}\n{redis}bind 127.0.0.1\n{redis}"));
    let watch =
        format!("{sentinel}port {{PORT}}\nbind 127.0.0.1\n{sentinel}sentinel monitor m 127.0.0.1 1 1\n{sentinel}");
    let watch = Setup::of(&watch).args(&["--sentinel"]);
    for server in servers::all() {
        for setup in [&plain, &watch] {
            let running = match server.start(setup.lay_out()) {
                Started::Ready(running) => running,
                Started::Refused(refusal) => panic!("{} refuses {setup}: {}", server.name, refusal.output),
            };
            // A Sentinel writes its file again as it starts: the comments are still good ones, where they were.
            let bytes = std::fs::read(running.work().join("test.conf")).unwrap();
            let mut sources = Sources::new();
            let id = sources.add(Place::File("test.conf".into()), bytes);
            let found = comment::read(sources.get(id), true);
            assert_eq!(found.len(), 18, "{}", server.name);
            for written in &found {
                assert_eq!(written.problem, None, "{}", server.name);
            }
        }
    }
}

#[test]
fn servers_refuse_comments_where_hardline_says_so() {
    let comment = comment::text("redis/no-tls", "@platform", Date::parse("2099-12-31").unwrap(), "why");
    let behind = Setup::of(&format!("port {{PORT}}\nloglevel notice {comment}\n"));
    let acl = Setup::of("port {PORT}\nbind 127.0.0.1\naclfile {DIR}/users.acl\n")
        .file("users.acl", &format!("{comment}\nuser default on nopass ~* +@all\n"));
    for server in servers::all() {
        for setup in [&behind, &acl] {
            assert!(matches!(server.start(setup.lay_out()), Started::Refused(_)), "{} takes {setup}", server.name);
        }
    }
}
