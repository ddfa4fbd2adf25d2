//! The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit in a scratch repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hardline::platform::{Interest, nginx, redis};

use crate::oracle::servers;

const HOOKS: &str = include_str!("../.pre-commit-hooks.yaml");

/// Nothing at or above `medium`.
const GOOD: &str = "port 0\nunixsocket /run/redis/redis.sock\nunixsocketperm 700\nuser default on \
                    #229b509e7502d4a8c5e4eecc842816b2f435037e3161ee0cb5eac0bb34d5083a ~* &* +@all\n";

const BAD: &str = "port 6379\nbind 0.0.0.0\nprotected-mode no\n";

/// A repository that uses a hook, beside one that offers it.
struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    fn new(hook: &str) -> Scratch {
        let scratch = Scratch { folder: tempfile::tempdir().unwrap() };
        let (hooks, user) = (scratch.path("hooks"), scratch.path("user"));
        for folder in [&hooks, &user] {
            fs::create_dir(folder).unwrap();
            scratch.git(folder, &["init", "--quiet", "--initial-branch=main"]);
        }
        if hook == "hardline" {
            copy_project(&hooks);
        }
        fs::write(hooks.join(".pre-commit-hooks.yaml"), HOOKS).unwrap();
        scratch.commit(&hooks);
        let commit = scratch.git(&hooks, &["rev-parse", "HEAD"]);
        let config = format!(
            "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: {hook}\n",
            hooks.display(),
            String::from_utf8(commit.stdout).unwrap().trim()
        );
        fs::write(user.join(".pre-commit-config.yaml"), config).unwrap();
        scratch.commit(&user);
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path("user").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A command that neither the user's git configuration nor a hook that runs these tests has a say in.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        let own = Path::new(env!("CARGO_BIN_EXE_hardline")).parent().unwrap().to_path_buf();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).unwrap();
        command
            .current_dir(folder)
            .env("PATH", path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("PRE_COMMIT_HOME", self.path("cache"))
            .env("PRE_COMMIT_COLOR", "never");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.com");
        }
        command
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> Output {
        let output = self.command("git", folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        output
    }

    fn commit(&self, folder: &Path) {
        self.git(folder, &["add", "--all"]);
        self.git(folder, &["commit", "--quiet", "--message", "Change"]);
    }

    /// Stages everything and runs the hook on it: whether it passed, and what was printed.
    fn run(&self) -> (bool, String) {
        let user = self.path("user");
        self.git(&user, &["add", "--all"]);
        let program = servers::folder().join("pre-commit");
        let output = self.command(&program, &user).arg("run").output().unwrap_or_else(|error| {
            panic!("{} does not start ({error}): run tests/run, which installs it", program.display())
        });
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
        (output.status.success(), said)
    }
}

/// What git would commit of this project, as it lies here.
fn copy_project(into: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let list = Command::new("git").args(list).current_dir(root).output().unwrap();
    for name in String::from_utf8(list.stdout).unwrap().split('\0').filter(|name| root.join(name).is_file()) {
        fs::create_dir_all(into.join(name).parent().unwrap()).unwrap();
        fs::copy(root.join(name), into.join(name)).unwrap();
    }
}

/// A bad file fails, a good one passes, and what is included is judged with what includes it.
fn does_what_it_should(hook: &str) {
    let scratch = Scratch::new(hook);
    scratch.write("notes.txt", "port 6379\nprotected-mode no\n");
    let (passed, said) = scratch.run();
    assert!(passed && said.contains("Skipped"), "no configuration, no run: {said}");
    scratch.write("cache/redis.conf", BAD);
    let (passed, said) = scratch.run();
    assert!(!passed && said.contains("cache/redis.conf:3:16: critical[redis/open-to-network]"), "{said}");
    scratch.write("cache/redis.conf", GOOD);
    let (passed, said) = scratch.run();
    assert!(passed && said.contains("Passed"), "{said}");
    // Alone, `protected-mode no` opens nothing. With the file that includes it, it does.
    scratch.write("queue/redis.conf", "port 6379\nbind 0.0.0.0\ninclude common.conf\n");
    scratch.write("queue/common.conf", "timeout 0\nprotected-mode yes\n");
    scratch.commit(&scratch.path("user"));
    scratch.write("queue/common.conf", "timeout 0\nprotected-mode no\n");
    let (passed, said) = scratch.run();
    assert!(!passed && said.contains("queue/common.conf:2:16: critical[redis/open-to-network]"), "{said}");
    assert!(!said.contains("cache/redis.conf"), "only what was changed, and what it is part of: {said}");
}

#[test]
fn the_system_hook_judges_what_is_committed() {
    does_what_it_should("hardline-system");
}

/// Builds hardline anew, so only where that is wanted.
#[test]
fn the_cargo_hook_judges_what_is_committed() {
    if std::env::var_os("HARDLINE_HOOK_CARGO").is_some_and(|value| value == "1") {
        does_what_it_should("hardline");
    } else {
        println!("left out: HARDLINE_HOOK_CARGO=1 runs it");
    }
}

#[test]
fn the_hooks_get_every_file_that_may_be_ours() {
    let line = HOOKS.lines().find(|line| line.contains("files: &files")).unwrap();
    let pattern = line.split('\'').nth(1).unwrap();
    let wanted = fancy_regex::Regex::new(pattern).unwrap();
    for name in [
        "redis.conf",
        "Redis.CONF",
        "my-valkey.cfg",
        "redis.conf.j2",
        "redis.conf.prod",
        "common.conf",
        "users.acl",
        "users.acl.j2",
        "users.acl.tmpl.in",
        "redis",
        "valkey-cache.erb",
        "sentinel",
        ".redis",
        "users",
        "acl-file",
        "redis.rb",
        "users.sql",
        "nginx.conf",
        "readme.md",
        "acl.py",
        "redis.yaml",
        "users.acl.bak",
        "main.rs",
        "nginx",
        "nginx-site.j2",
        "nginx.rs",
        "nginx.conf.md",
        "shop.vhost",
        "shop.nginx.erb",
        "shop.ngx",
        "shop.vhost.md",
        "shop.example",
        "default",
        "index.html",
        "server.key",
    ] {
        for folder in
            ["", "deploy", "redis", "nginx", "conf.d", "Sites-Enabled", "sites-available", "templates", "nginx.d"]
        {
            let lower = (name.to_ascii_lowercase(), folder.to_ascii_lowercase());
            let ours = redis::claim::interest(name) != Interest::None
                || nginx::claim::interest(&lower.0, &lower.1) != Interest::None;
            let path = if folder.is_empty() { name.to_owned() } else { format!("deploy/{folder}/{name}") };
            assert_eq!(wanted.is_match(&path).unwrap(), ours, "{path}");
        }
    }
}
