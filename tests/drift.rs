//! Two environments held against each other: pairs, orders, users, passwords, allowances, and that no secret is shown.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hardline::date::Date;
use hardline::drift::found::{Comparison, Difference};
use hardline::drift::kind::{self, names};
use hardline::drift::order::{NGINX, Orders, REDIS, Weaker};
use hardline::drift::{self, Known, Reach, Rules, Stop};
use hardline::fact::Secret;
use hardline::platform::Wanted;
use hardline::platform::redis::directive::{SettingId, world};
use hardline::platform::redis::live::subject::{Answered, Wish, subject};
use hardline::platform::redis::version::Version;
use hardline::project::{Options, Project};
use hardline::text::Sources;

/// A folder with these files.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn options(folder: &Path) -> Options {
    Options { cwd: folder.to_path_buf(), today: Date::parse("2026-06-01"), ..Options::default() }
}

fn compare(folder: &Path, sides: [&str; 2]) -> Comparison {
    match drift::run(&options(folder), sides, &Reach::default(), &mut std::io::empty()) {
        Ok(comparison) => comparison,
        Err(stop) => panic!("{stop:?}"),
    }
}

fn drift(files: &[(&str, &str)]) -> Comparison {
    compare(tree(files).path(), ["a", "b"])
}

/// Two configurations that begin alike.
fn redis(left: &str, right: &str) -> Comparison {
    let text = |more: &str| format!("port 6379\nbind 127.0.0.1\ndir ./\n{more}\n");
    drift(&[("a/redis.conf", &text(left)), ("b/redis.conf", &text(right))])
}

fn one<'c>(comparison: &'c Comparison, what: &str) -> &'c Difference {
    let found = comparison.differences.iter().find(|one| one.what == what);
    found.unwrap_or_else(|| panic!("{what} is not in {:?}", whats(comparison)))
}

fn whats(comparison: &Comparison) -> Vec<&str> {
    comparison.differences.iter().map(|one| one.what.as_str()).collect()
}

#[test]
fn every_setting_has_an_order_or_says_why_not() {
    let orders = Orders::parse(REDIS).unwrap();
    let known: BTreeSet<&str> =
        SettingId::all().map(SettingId::setting).filter(|it| !it.hidden).map(|it| it.name).collect();
    let lists = orders.settings.keys().chain(&orders.environment).chain(&orders.neutral);
    let mut seen = BTreeSet::new();
    for name in lists {
        assert!(known.contains(name.as_str()), "there is no setting `{name}`");
        assert!(seen.insert(name.as_str()), "`{name}` is there twice");
    }
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "in no list: {missing:?}");
    Orders::parse(NGINX).unwrap();
}

#[test]
fn every_kind_is_described() {
    let kinds = kind::parse(kind::KINDS).unwrap();
    assert_eq!(kinds.keys().map(String::as_str).collect::<BTreeSet<_>>(), names::ALL.into());
    for (name, kind) in kinds {
        assert!([&kind.title, &kind.why, &kind.fix].iter().all(|text| text.len() > 10), "{name}");
    }
    assert!(Orders::parse("[settings]\nport = { why = \"x\" }").is_err());
    assert!(Orders::parse("[settings]\nport = { stronger = \"less\", words = [], why = \"x\" }").is_err());
}

#[test]
fn defaults_are_equal_to_the_same_value_written() {
    let comparison = redis("protected-mode yes\ntimeout 0\nmaxclients 10000", "");
    assert_eq!(comparison.differences, []);
    assert_eq!(comparison.undecided, []);
}

#[test]
fn each_order_says_which_side_is_weaker() {
    for (left, right, what, weaker) in [
        ("protected-mode no", "", "redis.protected_mode", Weaker::Left),
        ("", "enable-debug-command local", "redis.enable_debug_command", Weaker::Right),
        ("enable-debug-command yes", "enable-debug-command local", "redis.enable_debug_command", Weaker::Left),
        ("timeout 60", "timeout 300", "redis.timeout", Weaker::Right),
        ("timeout 60", "timeout 0", "redis.timeout", Weaker::Right),
        ("slowlog-log-slower-than -1", "slowlog-log-slower-than 100", "redis.slowlog_log_slower_than", Weaker::Left),
        ("acllog-max-len 1", "acllog-max-len 10", "redis.acllog_max_len", Weaker::Left),
        ("requirepass x-aaaaaaaaaaaaaaaa", "", "redis.acl.users[default].nopass", Weaker::Right),
        ("requirepass x-aaaaaaaaaaaaaaaa", "", "redis.requirepass", Weaker::Neither),
        ("tls-protocols \"TLSv1.1 TLSv1.3\"", "tls-protocols TLSv1.2", "redis.tls_protocols", Weaker::Left),
        ("tls-protocols \"TLSv1.3\"", "", "redis.tls_protocols", Weaker::Right),
        ("bind 0.0.0.0", "bind 10.0.0.1", "redis.bind", Weaker::Left),
        ("bind 10.0.0.1", "bind 10.0.0.2", "redis.bind", Weaker::Neither),
        ("bind 127.0.0.1", "bind -::1", "redis.bind", Weaker::Neither),
        ("bind 127.0.0.1", "bind 10.0.0.2", "redis.bind", Weaker::Right),
        ("unixsocketperm 770", "unixsocketperm 777", "redis.unixsocketperm", Weaker::Right),
        ("unixsocketperm 707", "unixsocketperm 770", "redis.unixsocketperm", Weaker::BothWays),
        ("unixsocketperm 770", "", "redis.unixsocketperm", Weaker::Neither),
        ("save \"\"", "save 60 1", "redis.save", Weaker::Left),
        ("maxmemory 1gb", "maxmemory 2gb", "redis.maxmemory", Weaker::Neither),
        ("hz 10", "hz 20", "redis.hz", Weaker::Neither),
        ("loadmodule /a.so", "", "redis.modules", Weaker::Left),
        ("rename-command FLUSHALL \"\"", "", "redis.removed_commands", Weaker::Right),
        ("bind 10.0.0.1\nprotected-mode no", "bind 10.0.0.1", "redis.reach.remote.answer", Weaker::Left),
        ("bind 0.0.0.0", "", "redis.listen", Weaker::Left),
    ] {
        let comparison = redis(left, right);
        let found = one(&comparison, what);
        assert_eq!(found.weaker, weaker, "{left} | {right}: {found:?}");
        assert_eq!(comparison.exit_code(drift::found::FailOn::Any, false), 1);
        let turned = redis(right, left);
        let other = match weaker {
            Weaker::Left => Weaker::Right,
            Weaker::Right => Weaker::Left,
            same => same,
        };
        assert_eq!(one(&turned, what).weaker, other, "{right} | {left}");
    }
}

#[test]
fn values_are_shown_as_configurations_write_them() {
    let comparison = redis("maxmemory 1gb\nunixsocketperm 770", "maxmemory 1500\nunixsocketperm 700");
    let value = |what: &str| (one(&comparison, what).left.value.clone(), one(&comparison, what).right.value.clone());
    assert_eq!(value("redis.maxmemory"), ("1gb".to_owned(), "1500".to_owned()));
    assert_eq!(value("redis.unixsocketperm"), ("770".to_owned(), "700".to_owned()));
    let comparison = redis("timeout 5", "");
    assert_eq!(one(&comparison, "redis.timeout").right.value, "0 (default)");
    assert_eq!(one(&comparison, "redis.timeout").left.places[0].show(), "a/redis.conf:4:9");
}

#[test]
fn subjects_are_paired_by_path_then_name_then_what_is_left() {
    let text = "port 6379\nbind 127.0.0.1\ndir ./\n";
    let other = "port 6380\nbind 127.0.0.1\ndir ./\n";
    let label = |comparison: &Comparison, what: &str| {
        let about = one(comparison, what).subject.clone().unwrap();
        (about.name, about.left, about.right)
    };
    let some = |text: &str| Some(text.to_owned());
    let by_path = drift(&[
        ("a/x/redis.conf", text),
        ("a/y/redis.conf", text),
        ("b/y/redis.conf", other),
        ("b/x/redis.conf", text),
    ]);
    let expected = ("y/redis.conf".to_owned(), some("a/y/redis.conf"), some("b/y/redis.conf"));
    assert_eq!(label(&by_path, "redis.port"), expected);
    assert_eq!(whats(&by_path), ["redis.port"]);
    let by_name =
        drift(&[("a/x/cache.conf", text), ("a/queue.conf", text), ("b/z/cache.conf", other), ("b/y/queue.conf", text)]);
    let expected = ("cache".to_owned(), some("a/x/cache.conf"), some("b/z/cache.conf"));
    assert_eq!(label(&by_name, "redis.port"), expected);
    let left_over = drift(&[("a/one.conf", text), ("b/two.conf", other)]);
    assert_eq!(label(&left_over, "redis.port").1, some("a/one.conf"));
    let only = drift(&[("a/x/redis.conf", text), ("a/y/redis.conf", text), ("b/x/redis.conf", text)]);
    assert_eq!(whats(&only), ["redis[y/redis.conf]"]);
    assert_eq!(one(&only, "redis[y/redis.conf]").kind, "drift/only-in-one");
    let files = tree(&[("redis.conf", text), ("other.conf", other)]);
    assert_eq!(whats(&compare(files.path(), ["redis.conf", "other.conf"])), ["redis.port"]);
}

#[test]
fn what_is_not_known_is_never_equal() {
    let text = |name: &str| format!("port 6379\nbind 127.0.0.1\ndir ./\ntimeout {{{{ {name} }}}}\nloglevel warning\n");
    let same = text("t");
    let comparison = drift(&[("a/redis.conf.j2", &same), ("b/redis.conf.j2", &same)]);
    assert_eq!(comparison.differences, []);
    let sides: Vec<_> = comparison.undecided.iter().map(|one| (one.side, one.why, one.what.clone())).collect();
    let timeout = vec!["redis.timeout".to_owned()];
    assert_eq!(sides, [("left", "templated", timeout.clone()), ("right", "templated", timeout)]);
    assert_eq!(comparison.exit_code(drift::found::FailOn::Any, false), 0);
    assert_eq!(comparison.exit_code(drift::found::FailOn::Any, true), 3);
    // A file that cannot be read leaves open what it could change, and nothing else.
    let left = "port 6379\nbind 127.0.0.1\ndir ./\ninclude /nowhere/more.conf\ntimeout 10\n";
    let right = "port 6379\nbind 127.0.0.1\ndir ./\ntimeout 20\n";
    let comparison = drift(&[("a/redis.conf", left), ("b/redis.conf", right)]);
    assert_eq!(whats(&comparison), ["redis.timeout"]);
    let open: Vec<&String> = comparison.undecided.iter().flat_map(|one| &one.what).collect();
    assert!(open.iter().any(|what| *what == "redis.protected_mode"), "{open:?}");
    assert!(open.iter().any(|what| *what == "redis.acl.users"), "{open:?}");
}

#[test]
fn versions_at_odds_are_compared_one_by_one() {
    // The default of `acl-pubsub-default` and its like differs from version to version, and is the same on both sides.
    assert_eq!(redis("", "").undecided, []);
    // Redis shows it unless told otherwise, Valkey hides it: on one side only Redis does.
    let comparison = redis("hide-user-data-from-log yes", "");
    let found = one(&comparison, "redis.hide_user_data_from_log");
    assert_eq!((found.weaker, found.right.value.as_str()), (Weaker::Right, "no (default)"));
    let redis_only = !found.versions.is_empty() && found.versions.iter().all(|version| version.starts_with("redis:"));
    assert!(redis_only, "{found:?}");
}

/// Of an ACL file alone the users are known, and nothing is asked that neither side has.
#[test]
fn acl_files_alone_are_compared() {
    let left = "user default off\nuser u on nopass ~* &* +get +config\n";
    let right = "user default off\nuser u on nopass ~* &* +get\n";
    let comparison = drift(&[("a/users.acl", left), ("b/users.acl", right)]);
    assert_eq!(whats(&comparison), ["redis.acl.users[u].commands"]);
    let open: Vec<&String> = comparison.undecided.iter().flat_map(|one| &one.what).collect();
    assert!(open.iter().all(|what| what.ends_with("users[u].takeover")), "{open:?}");
}

#[test]
fn sentinels_are_compared() {
    let text = |more: &str| format!("port 26379\nsentinel monitor m 10.0.0.1 6379 2\n{more}\n");
    let left = text("sentinel auth-pass m canary-a\nprotected-mode no");
    let right = text("sentinel deny-scripts-reconfig no");
    let comparison = drift(&[("a/sentinel.conf", &left), ("b/sentinel.conf", &right)]);
    assert_eq!(one(&comparison, "sentinel.monitors_without_password").weaker, Weaker::Right);
    assert_eq!(one(&comparison, "sentinel.deny_scripts_reconfig").weaker, Weaker::Right);
}

fn users(left: &str, right: &str) -> Comparison {
    let conf = "port 6379\nbind 127.0.0.1\ndir ./\naclfile users.acl\n";
    drift(&[("a/redis.conf", conf), ("a/users.acl", left), ("b/redis.conf", conf), ("b/users.acl", right)])
}

#[test]
fn users_are_compared_by_what_they_may_do() {
    let off = "user default off\n";
    for (left, right, expected) in [
        ("user u on nopass ~* +@all -@dangerous -@all +get", "user u on nopass ~* +get", &[][..]),
        (
            "user u on nopass ~* +get +set",
            "user u on nopass ~* +get",
            &[("commands", Weaker::Left, "set", "(nothing more)")],
        ),
        (
            "user u on nopass ~* +get",
            "user u on nopass ~* +get +set",
            &[("commands", Weaker::Right, "(nothing more)", "set")],
        ),
        (
            "user u on nopass ~* +get +del",
            "user u on nopass ~* +get +set",
            &[("commands", Weaker::BothWays, "del", "set")],
        ),
        ("user u on nopass ~a:* +get", "user u on nopass ~* +get", &[("keys", Weaker::Right, "(nothing more)", "~*")]),
        (
            "user u on nopass ~a:1 +get",
            "user u on nopass ~a:* +get",
            &[("keys", Weaker::Right, "(nothing more)", "~a:*")],
        ),
        (
            "user u on nopass ~a:* +get",
            "user u on nopass %R~a:* +get",
            &[("keys", Weaker::Left, "~a:*", "(nothing more)")],
        ),
        ("user u on nopass ~a:* +get", "user u on nopass ~b:* +get", &[("keys", Weaker::BothWays, "~a:*", "~b:*")]),
        (
            "user u on nopass resetchannels &a ~* +get",
            "user u on nopass allchannels ~* +get",
            &[("channels", Weaker::Right, "(nothing more)", "&*")],
        ),
        (
            "user u off nopass ~* +get",
            "user u on nopass ~* +get +set",
            &[("enabled", Weaker::Right, "(nothing more)", "on")],
        ),
        ("user u on nopass ~* +get", "user u on >pw ~* +get", &[("nopass", Weaker::Left, "nopass", "(nothing more)")]),
        (
            "user u on nopass ~a +get (~b +set)",
            "user u on nopass ~a +get",
            &[
                ("commands", Weaker::Left, "set", "(nothing more)"),
                ("selectors", Weaker::Left, "(~b resetchannels -@all +set)", "(nothing more)"),
            ],
        ),
        (
            "user u on nopass ~* +get +config|get",
            "user u on nopass ~* +get",
            &[
                ("commands", Weaker::Left, "config|get", "(nothing more)"),
                ("takeover", Weaker::Left, "config-get", "(nothing more)"),
            ],
        ),
    ] {
        let comparison = users(&format!("{off}{left}\n"), &format!("{off}{right}\n"));
        let found: Vec<(String, Weaker, &str, &str)> = comparison
            .differences
            .iter()
            .map(|one| (one.what.clone(), one.weaker, one.left.value.as_str(), one.right.value.as_str()))
            .collect();
        let expected: Vec<(String, Weaker, &str, &str)> = expected
            .iter()
            .map(|(part, weaker, one, other)| (format!("redis.acl.users[u].{part}"), *weaker, *one, *other))
            .collect();
        assert_eq!(found, expected, "{left} | {right}");
    }
}

#[test]
fn databases_of_users_are_compared() {
    let conf = "port 6379\nbind 127.0.0.1\ndir ./\naclfile users.acl\n";
    let config = "[redis]\nversion = \"valkey:9.1.2\"\n";
    for (left, right, weaker, shown) in [
        ("alldbs", "resetdbs db=1,2", Weaker::Left, ("all", "(nothing more)")),
        ("resetdbs db=1", "resetdbs db=1,2", Weaker::Right, ("(nothing more)", "2")),
    ] {
        let user = |rules: &str| format!("user default off\nuser u on nopass ~* +get {rules}\n");
        let folder = tree(&[
            ("hardline.toml", config),
            ("a/redis.conf", conf),
            ("a/users.acl", &user(left)),
            ("b/redis.conf", conf),
            ("b/users.acl", &user(right)),
        ]);
        let comparison = compare(folder.path(), ["a", "b"]);
        let found = one(&comparison, "redis.acl.users[u].databases");
        assert_eq!((found.weaker, (&*found.left.value, &*found.right.value)), (weaker, shown));
        assert_eq!(whats(&comparison).len(), 1);
    }
}

#[test]
fn users_of_one_side_are_named() {
    let comparison = users("user default off\nuser a on nopass ~* +get\n", "user default off\nuser b off ~* +get\n");
    assert_eq!(whats(&comparison), ["redis.acl.users[a]", "redis.acl.users[b]"]);
    assert_eq!(one(&comparison, "redis.acl.users[a]").weaker, Weaker::Left);
    assert_eq!(one(&comparison, "redis.acl.users[b]").weaker, Weaker::Neither);
    // Whether the other side has the user cannot be told where its file cannot be read.
    let conf = |acl: &str| format!("port 6379\nbind 127.0.0.1\ndir ./\naclfile {acl}\n");
    let comparison = drift(&[
        ("a/redis.conf", &conf("users.acl")),
        ("a/users.acl", "user default off\nuser a on nopass ~* +get\n"),
        ("b/redis.conf", &conf("/nowhere/users.acl")),
    ]);
    assert!(!whats(&comparison).iter().any(|what| what.contains("users[a]")), "{:?}", whats(&comparison));
    let open: Vec<&String> = comparison.undecided.iter().flat_map(|one| &one.what).collect();
    assert!(open.iter().any(|what| *what == "redis.acl.users[a]"), "{open:?}");
}

#[test]
fn a_password_of_both_sides_is_found_wherever_it_is() {
    let text = |more: &str| format!("port 6379\nbind 127.0.0.1\ndir ./\n{more}\n");
    let real = hash("canary-one");
    let files = [
        ("a/cache/redis.conf", text("requirepass canary-one")),
        ("a/queue/redis.conf", text("requirepass canary-two")),
        (
            "b/queue/redis.conf",
            text(&format!(
                "requirepass canary-three\nuser app on #{real} ~* +get\nuser x on #{} ~* +get",
                hash("canary-other")
            )),
        ),
        ("b/cache/redis.conf", text("requirepass canary-four")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let comparison = drift(&files);
    let shared: Vec<&Difference> =
        comparison.differences.iter().filter(|one| one.kind == "drift/same-password").collect();
    let [shared] = shared[..] else { panic!("{shared:?}") };
    assert_eq!(shared.what, "redis.passwords[requirepass]");
    assert_eq!(shared.left.value, "*** of requirepass in cache/redis.conf");
    assert_eq!(shared.right.value, "*** of user app in queue/redis.conf");
    assert_eq!(shared.right.places[0].path, "b/queue/redis.conf");
    // Passwords of their own are as it should be.
    assert!(!whats(&comparison).contains(&"redis.requirepass"));
    // The text of a reference may stand for another password on each side.
    let same = text("requirepass ${REDIS_PASSWORD}");
    assert!(
        !whats(&drift(&[("a/redis.conf", &same), ("b/redis.conf", &same)])).contains(&"redis.passwords[requirepass]")
    );
}

/// A server that runs, as it would answer.
fn live(settings: &[(&str, &str)], users: &[&str]) -> Known {
    let (version, _) = Version::find("redis:7.2.6").unwrap();
    let known = SettingId::all().filter_map(|setting| setting.spec(world(version))).filter(|spec| !spec.hidden);
    let defaults = known.map(|spec| (spec.name, spec.default));
    let settings = defaults.chain(settings.iter().copied());
    let settings = settings.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let answered = Answered {
        url: "redis://10.0.0.5:6379".to_owned(),
        name: "10.0.0.5".to_owned(),
        version: Ok("redis:7.2.6".to_owned()),
        settings: Ok(settings.collect()),
        users: Ok(users.iter().map(|line| line.as_bytes().to_vec()).collect()),
        modules: Ok(Vec::new()),
        renamed: None,
        watches: None,
    };
    let (mut sources, mut notices) = (Sources::new(), Vec::new());
    let wish = Wish { wanted: &Wanted::All, today: None, keys: None };
    let subjects = vec![subject(&answered, wish, &mut sources, &mut notices)];
    let mask = hardline::platform::secrets(&sources, &subjects);
    Known {
        name: "live".to_owned(),
        environment: None,
        unread: false,
        subjects,
        sources,
        mask,
        notices,
        roots: Vec::new(),
    }
}

fn file(text: &str) -> (tempfile::TempDir, Known) {
    let folder = tree(&[("redis.conf", text)]);
    let options = Options { server_version: Some("redis:7.2.6".to_owned()), ..options(folder.path()) };
    let mut project = Project::find(&options).unwrap();
    let facts = project.read(&options, &mut std::io::empty(), &Wanted::All).unwrap();
    (folder, Known::of("file".to_owned(), facts, vec![".".into()]))
}

fn hash(password: &str) -> String {
    let digest = Secret::new(password.as_bytes()).digest().unwrap();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a file is compared with a server that runs, both are one instance: passwords are the same, and what differs was
/// changed on one of them.
#[test]
fn a_server_that_runs_is_the_instance_of_its_file() {
    let (folder, file) = file(
        "port 6379\nbind 127.0.0.1\ndir ./\nrequirepass canary-a\ntimeout 10\nmaxclients 200\nloglevel notice\n\
         user app on >canary-app ~* resetchannels +get\n",
    );
    let app = format!("user app on sanitize-payload #{} ~* resetchannels -@all +get", hash("canary-app"));
    let default = |password: &str| format!("user default on sanitize-payload #{} ~* &* +@all", hash(password));
    let settings = [("port", "6379"), ("bind", "127.0.0.1"), ("dir", "/data"), ("maxclients", "200")];
    let rules = Rules::load().unwrap();
    let against = |more: &[(&str, &str)], users: &[&str]| {
        let settings: Vec<(&str, &str)> = settings.iter().chain(more).copied().collect();
        drift::compare(&file, &live(&settings, users), &rules, folder.path())
    };
    let same = against(&[("timeout", "10"), ("requirepass", "canary-a")], &[&default("canary-a"), &app]);
    assert_eq!((same.differences, same.undecided), (Vec::new(), Vec::new()));
    let more = app.replace("+get", "+get +set");
    let changed = against(
        &[("timeout", "30"), ("requirepass", "canary-a"), ("enable-debug-command", "yes")],
        &[&default("canary-a"), &more, "user other on nopass ~* resetchannels -@all +get"],
    );
    let found: Vec<(&str, &str, bool)> = changed
        .differences
        .iter()
        .map(|one| (one.what.as_str(), one.why.as_str(), one.kind == "drift/runs-otherwise"))
        .map(|(what, why, is)| (what, why.rsplit("; ").next().unwrap().split(' ').next().unwrap(), is))
        .collect();
    assert_eq!(
        found,
        [
            ("redis.acl.users[app].commands", "ACL", true),
            // DEBUG is open to it now.
            ("redis.acl.users[default].takeover", "the", true),
            ("redis.acl.users[other]", "ACL", true),
            ("redis.enable_debug_command", "started", true),
            ("redis.timeout", "changed", true),
        ]
    );
    let other = against(&[("timeout", "10"), ("requirepass", "canary-b")], &[&default("canary-b"), &app]);
    assert_eq!(whats(&other), ["redis.acl.users[default].passwords", "redis.requirepass"]);
    let shown = format!("{other:?}");
    assert!(shown.contains("***") && !shown.contains("canary"), "{shown}");
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    hardline(folder, &[&["drift"], arguments].concat())
}

fn hardline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardline")).args(arguments).current_dir(folder).output().unwrap()
}

const FORMATS: [&str; 7] = ["terminal", "concise", "json", "sarif", "github", "markdown", "html"];

#[test]
fn no_format_shows_a_secret() {
    let conf = |secret: &str| {
        format!(
            "port 6379\nbind 127.0.0.1\ndir ./\nrequirepass canary-{secret}\nmasterauth canary-same\n\
             masteruser canary-user-{secret}\ntls-key-file-pass canary-key\nrename-command CONFIG canary-{secret}-name\n\
             user app on >canary-app-{secret} ~* +get\nuser u on >canary-same ~* +get\n"
        )
    };
    let folder = tree(&[("a/redis.conf", &conf("one")), ("b/redis.conf", &conf("two"))]);
    for format in FORMATS {
        let output =
            run(folder.path(), &["a", "b", "--verbose", "--format", format, "--output", &format!("{format}=out")]);
        assert_eq!(output.status.code(), Some(1), "{format}: {output:?}");
        let written = fs::read(folder.path().join("out")).unwrap();
        for text in [&output.stdout, &output.stderr, &written] {
            let text = String::from_utf8_lossy(text);
            assert!(!text.contains("canary"), "{format}: {text}");
        }
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("***") || shown.contains("&#42;&#42;&#42;"), "{format}: {shown}");
    }
}

const ALLOWING: &str = "[environments.staging]\npaths = [\"a\"]\n[environments.production]\npaths = [\"b\"]\n\
    [environments.other]\npaths = [\"c\"]\n";

fn allowing(more: &str, sides: [&str; 2]) -> Comparison {
    let text = |timeout: u8| format!("port 6379\nbind 127.0.0.1\ndir ./\ntimeout {timeout}\n");
    let folder = tree(&[
        ("hardline.toml", &format!("{ALLOWING}{more}")),
        ("a/redis.conf", &text(1)),
        ("b/redis.conf", &text(2)),
    ]);
    compare(folder.path(), sides)
}

#[test]
fn a_difference_can_be_allowed() {
    let item = |setting: &str, until: &str, more: &str| {
        format!(
            "[[allow_drift]]\nsetting = \"{setting}\"\nowner = \"@me\"\nreason = \"why\"\nuntil = {until}\n{more}\n"
        )
    };
    let sides = ["staging", "production"];
    for setting in ["redis.timeout", "timeout", "redis.*", "*timeout", "*"] {
        let comparison = allowing(&item(setting, "2026-06-01", ""), sides);
        let allowed = one(&comparison, "redis.timeout").allowed.clone().unwrap();
        assert_eq!((allowed.owner.as_str(), allowed.source.show().as_str()), ("@me", "hardline.toml:7:1"));
        assert_eq!(comparison.exit_code(drift::found::FailOn::Any, true), 0);
        assert_eq!(comparison.notices, []);
    }
    let between = |names: &str| item("redis.timeout", "2027-01-01", &format!("between = [{names}]"));
    for (names, is) in [
        ("\"staging\", \"production\"", true),
        ("\"production\", \"staging\"", true),
        ("\"staging\", \"other\"", false),
    ] {
        // A path that is all of an environment is that environment.
        for sides in [sides, ["a", "./b"]] {
            let comparison = allowing(&between(names), sides);
            assert_eq!(one(&comparison, "redis.timeout").allowed.is_some(), is, "{names} {sides:?}");
        }
    }
    for (setting, until, said) in [
        ("redis.timeout", "2026-05-31", "ended on 2026-05-31"),
        ("redis.port", "2027-01-01", "nothing differs"),
        ("redis.timeou", "2027-01-01", "nothing differs"),
    ] {
        let comparison = allowing(&item(setting, until, ""), sides);
        assert_eq!(one(&comparison, "redis.timeout").allowed, None, "{setting}");
        assert!(comparison.notices.iter().any(|notice| notice.message.contains(said)), "{:?}", comparison.notices);
    }
}

/// What an environment has besides is not passed over in silence.
#[test]
fn servers_of_an_environment_with_files_are_named() {
    let text = "port 6379\nbind 127.0.0.1\ndir ./\n";
    let config = "[environments.a]\npaths = [\"x\"]\ntargets = [\"redis://127.0.0.1:1\"]\n\
        [environments.c]\ntargets = [\"redis://:canary@127.0.0.1:1\"]\n[environments.d]\npaths = [\"b\"]\n";
    let folder = tree(&[("hardline.toml", config), ("x/redis.conf", text), ("b/redis.conf", text)]);
    let told = compare(folder.path(), ["a", "b"]).notices;
    assert!(told.iter().any(|notice| notice.message.contains("`live:a` are its servers")), "{told:?}");
    let stop = |side: &str| {
        let stop = drift::run(&options(folder.path()), ["b", side], &Reach::default(), &mut std::io::empty());
        stop.expect_err("nothing to compare with")
    };
    for (side, expected) in [
        ("c", "c cannot be read: redis://127.0.0.1:1: "),
        ("live:a", "live:a cannot be read: redis://127.0.0.1:1: "),
        ("redis://:canary@127.0.0.1:1", "redis://127.0.0.1:1 cannot be read: redis://127.0.0.1:1: "),
        ("live:d", "environment `d` has no `targets`, and the inventory none of it"),
        ("live:e", "`e` is no environment of hardline.toml or of the inventory"),
        ("http://canary", "`http://` is no scheme"),
    ] {
        let lines = match stop(side) {
            Stop::Unreadable(lines) => lines,
            Stop::Trouble(trouble) => trouble.lines,
        };
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{side}: {lines:?}");
        assert!(!lines[0].contains("canary"), "{lines:?}");
    }
}

#[test]
fn mistakes_in_the_configuration_are_told_with_their_places() {
    for (text, said) in [
        ("[[allow_drift]]\nowner = \"@me\"\nreason = \"why\"\nuntil = 2027-01-01\n", "`setting` is missing"),
        ("[[allow_drift]]\nsetting = \"x\"\nreason = \"why\"\nuntil = 2027-01-01\n", "`owner` is missing"),
        ("[[allow_drift]]\nsetting = \"x\"\nowner = \"@me\"\nuntil = 2027-01-01\n", "`reason` is missing"),
        ("[[allow_drift]]\nsetting = \"x\"\nowner = \"@me\"\nreason = \"why\"\n", "`until` is missing"),
        ("[[allow_drift]]\nsetting = \"x\"\nowner = \" \"\nreason = \"why\"\nuntil = 2027-01-01\n", "`owner` is empty"),
        ("[[allow_drift]]\nsetting = \"x\"\nowner = \"@me\"\nreason = \"why\"\nuntil = \"2027-01-01\"\n", "a day of"),
        ("[[allow_drift]]\nsettings = \"x\"\n", "did you mean `setting`?"),
        (
            "[[allow_drift]]\nsetting = \"x\"\nowner = \"@me\"\nreason = \"why\"\nuntil = 2027-01-01\nbetween = [\"a\"]\n",
            "two environments",
        ),
        (
            "[[allow_drift]]\nsetting = \"x\"\nowner = \"@me\"\nreason = \"why\"\nuntil = 2027-01-01\n\
             between = [\"a\", \"b\"]\n",
            "there is no `[environments.a]`",
        ),
        ("[environments.a]\n", "needs `paths` or `targets`"),
        ("[environments.a]\npath = [\"x\"]\n", "did you mean `paths`?"),
        ("[environments]\na = 1\n", "a table"),
    ] {
        let folder = tree(&[("hardline.toml", text), ("a/redis.conf", "port 1\n"), ("b/redis.conf", "port 1\n")]);
        let Err(Stop::Trouble(trouble)) =
            drift::run(&options(folder.path()), ["a", "b"], &Reach::default(), &mut std::io::empty())
        else {
            panic!("{text}: no mistake");
        };
        let told: Vec<&str> = trouble.places.iter().map(|place| place.text.as_str()).collect();
        assert!(told.iter().any(|it| it.contains(said)), "{text}: {told:?}");
    }
}

#[test]
fn the_exit_code_says_what_there_is() {
    let text = "port 6379\nbind 127.0.0.1\ndir ./\n";
    let folder = tree(&[
        ("a/redis.conf", text),
        ("b/redis.conf", text),
        ("c/redis.conf", "port 6380\nbind 127.0.0.1\ndir ./\n"),
        ("d/redis.conf", "port 6379\nbind 127.0.0.1\ndir ./\nprotected-mode no\n"),
        ("e/notes.txt", "nothing\n"),
        ("bad/hardline.toml", "[environment.x]\n"),
    ]);
    for (arguments, code) in [
        (&["a", "b"][..], 0),
        (&["a", "b", "--strict"], 0),
        (&["a", "c"], 1),
        (&["a", "c", "--fail-on", "weaker"], 0),
        (&["a", "d", "--fail-on", "weaker"], 1),
        (&["a"], 2),
        (&["a", "b", "--format", "none"], 2),
        (&["a", "b", "--config", "bad/hardline.toml"], 2),
        (&["a", "nowhere"], 3),
        (&["a", "e"], 3),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    }
    let output = run(folder.path(), &["nowhere", "e"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("nowhere cannot be read: nowhere: no such file") && told.contains("e cannot be read"),
        "{told}"
    );
}

/// The example shows what is planted in it, and nothing else.
#[test]
fn the_example_shows_what_is_planted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/environments");
    let comparison = compare(&folder, ["staging", "production"]);
    let found: Vec<(&str, &str)> =
        comparison.failing().map(|one| (one.what.as_str(), comparison.weaker_name(one.weaker))).collect();
    assert_eq!(
        found,
        [
            ("redis.passwords[user app]", "both"),
            ("nginx.servers[staging.shop.example].body_limit", "production"),
            ("nginx.servers[staging.shop.example].headers[x-content-type-options]", "production"),
            ("nginx.servers[staging.shop.example].protocols", "production"),
            ("redis.acl.users[app].keys", "staging"),
            ("redis.acl.users[migration]", "production"),
            ("redis.acl.users[report].commands", "staging"),
            ("redis.acl.users[report].keys", "production"),
            ("redis.acl.users[report].takeover", "staging"),
            ("redis.enable_debug_command", "production"),
            ("redis.loglevel", "production"),
            ("redis.tcp_keepalive", "staging"),
            ("redis.timeout", "production"),
        ]
    );
    let allowed: Vec<&str> = comparison.allowed().map(|(one, _)| one.what.as_str()).collect();
    assert_eq!(allowed, ["redis.maxmemory"]);
    assert_eq!(comparison.undecided, []);
    // Every line of the table fits.
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["drift", "staging", "production", "--format", "terminal", "--verbose"])
        .current_dir(&folder)
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty() && text.contains("timeout"), "{long:?}");
}

#[test]
fn the_machine_formats_are_well_formed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/environments");
    let read = |format: &str| -> serde_json::Value {
        serde_json::from_slice(&run(&folder, &["staging", "production", "--format", format]).stdout).unwrap()
    };
    let report = read("json");
    assert_eq!(report["version"], 1);
    assert_eq!(report["tally"]["differences"], 13);
    assert_eq!(report["differences"][0]["weaker"], "both-ways");
    let schema: serde_json::Value = serde_json::from_str(drift::show::json::SCHEMA).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&report), keys(&schema["properties"]));
    let difference = &schema["$defs"]["difference"]["properties"];
    assert!(report["differences"].as_array().unwrap().iter().all(|one| keys(one) == keys(difference)));
    let log = read("sarif");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 14);
    assert_eq!(results.iter().filter(|it| it.get("suppressions").is_some()).count(), 1);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert!(results.iter().all(|it| ids.contains(it["ruleId"].as_str().unwrap())));
    assert_eq!(report, read("json"));
}

/// A report has no settings: what the checks found is compared, with another report or with what is judged for it.
#[test]
fn reports_are_compared_by_what_the_checks_found() {
    let conf = "port 6379\nbind 0.0.0.0\ndir ./\n";
    let open = format!("{conf}protected-mode no\n");
    let closed = format!("{conf}requirepass canary-long-enough-for-anybody\n");
    let template = format!("{conf}protected-mode {{{{ mode }}}}\n");
    let folder = tree(&[("a/redis.conf", &open), ("b/redis.conf", &closed), ("c/redis.conf.j2", &template)]);
    for name in ["a", "b", "c"] {
        let mut check = Command::new(env!("CARGO_BIN_EXE_hardline"));
        let report =
            check.args(["check", name, "--format", "json"]).current_dir(folder.path()).output().unwrap().stdout;
        fs::write(folder.path().join(format!("{name}.json")), report).unwrap();
    }
    let check = "redis.checks[redis/open-to-network]";
    for sides in [["a.json", "b.json"], ["a.json", "b"], ["a", "b.json"]] {
        let comparison = compare(folder.path(), sides);
        let found = one(&comparison, check);
        assert_eq!((found.weaker, found.severity.as_str()), (Weaker::Left, "critical"), "{sides:?}");
        assert_eq!(found.kind, "drift/check-fails-on-one");
        assert!(found.left.places[0].path.ends_with("redis.conf") && found.right.places.is_empty(), "{found:?}");
        assert!(comparison.notices.iter().any(|notice| notice.message.contains("no settings")), "{comparison:?}");
        assert!(!format!("{comparison:?}").contains("canary"));
    }
    assert_eq!(compare(folder.path(), ["a.json", "a"]).differences, []);
    // What is not decided on one side is no strength of it.
    let comparison = compare(folder.path(), ["a.json", "c.json"]);
    assert!(!whats(&comparison).contains(&check), "{comparison:?}");
    let open = comparison.undecided.iter().find(|one| one.what == [check]).expect("it is undecided");
    assert_eq!((open.side, open.why), ("right", "templated"));
    // A report by fewer checks is said to be one.
    let report = hardline(folder.path(), &["check", "b", "--select", "redis/no-tls", "--format", "json"]).stdout;
    fs::write(folder.path().join("few.json"), report).unwrap();
    let told = compare(folder.path(), ["a.json", "few.json"]).notices;
    assert!(told.iter().any(|notice| notice.message.contains("checks were asked of")), "{told:?}");
    // Other JSON is a file as any.
    fs::write(folder.path().join("other.json"), "{\"tool\": {\"name\": \"hardline\"}}").unwrap();
    let stop = drift::run(&options(folder.path()), ["a", "other.json"], &Reach::default(), &mut std::io::empty());
    assert!(matches!(stop, Err(Stop::Unreadable(_))), "{stop:?}");
}

/// Which masters Sentinels watch, and how many must agree, is compared; where a master is, a failover changes.
#[test]
fn what_sentinels_watch_is_compared() {
    let text = |monitor: &str| format!("port 26379\nsentinel monitor {monitor}\n");
    let whats = |left: &str, right: &str| {
        let comparison = drift(&[("a/sentinel.conf", &text(left)), ("b/sentinel.conf", &text(right))]);
        comparison.differences.iter().map(|one| one.what.clone()).collect::<Vec<_>>()
    };
    assert_eq!(whats("shop 10.0.0.5 6379 2", "shop 10.0.0.6 6379 2"), Vec::<String>::new());
    assert_eq!(whats("shop 10.0.0.5 6379 2", "shop 10.0.0.5 6379 1"), ["sentinel.monitored"]);
    assert!(whats("shop 10.0.0.5 6379 2", "evil 10.0.0.5 6379 2").contains(&"sentinel.monitored".to_owned()));
}
