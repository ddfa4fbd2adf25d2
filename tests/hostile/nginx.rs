//! Bad input for nginx: every command ends with the code that it has for this, says where the fault is, and every format
//! still has what there is to say about the configuration beside it.

mod content;
mod include;
mod many;
mod request;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A configuration that starts and has one fault of its own, at 7:13.
const GOOD: &str = "events { }\nhttp {\n    server {\n        listen 8081;\n        location / {\n            \
                    root /srv/www;\n            autoindex on;\n        }\n    }\n}\n";

/// How each format says that fault, in one line.
const FOUND: [(&str, &[&str]); 6] = [
    ("concise", &["good/nginx.conf:7:13: medium[nginx/autoindex-on]"]),
    ("terminal", &["[good/nginx.conf:7:13]"]),
    ("github", &["::warning file=good/nginx.conf,line=7,", "nginx/autoindex-on"]),
    ("markdown", &["<code>nginx/autoindex-on</code>", "<code>good/nginx.conf:7:13</code>"]),
    ("json", &["\"good/nginx.conf\""]),
    ("sarif", &["\"good/nginx.conf\""]),
];

/// A folder with `good/nginx.conf`, and `bad/nginx.conf` beside it.
pub struct Scene {
    _scratch: tempfile::TempDir,
    pub folder: PathBuf,
}

/// What a run said.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The answer of `effective`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", start(&self.out)))
    }
}

/// The start of a text that may be very long.
fn start(text: &str) -> String {
    text.chars().take(2_000).collect()
}

/// The lines of `http` around what stands in a server.
pub fn server(inner: &str) -> String {
    format!("events {{ }}\nhttp {{\nserver {{\nlisten 8080;\n{inner}\n}}\n}}\n")
}

impl Scene {
    /// A scene with this as the broken configuration.
    pub fn new(bad: impl AsRef<[u8]>) -> Scene {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().canonicalize().unwrap();
        let scene = Scene { _scratch: scratch, folder };
        scene.write("good/nginx.conf", GOOD);
        scene.write("bad/nginx.conf", bad);
        scene
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn finished(&self, mut command: Command, arguments: &[&str]) -> Ran {
        let output = command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let ran = Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        assert!(!ran.err.contains("panicked") && ran.code.is_some(), "{arguments:?}: {}", start(&ran.err));
        ran
    }

    /// Runs hardline in the folder. Whatever happens, it is no panic, and what it says is text.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.finished(Command::new(env!("CARGO_BIN_EXE_hardline")), arguments)
    }

    /// The same by who may not read everything.
    pub fn run_unprivileged(&self, arguments: &[&str]) -> Ran {
        let closed = self.folder.join("bad/closed");
        self.finished(super::unprivileged(&self.folder, fs::read(closed).is_ok()), arguments)
    }

    /// `check` in a format: it ends as for findings, and has the fault of the good configuration.
    pub fn check_as(&self, format: &str) -> Ran {
        let ran = self.run(&["check", "--format", format]);
        assert_eq!(ran.code, Some(1), "{format}: {} {}", start(&ran.out), start(&ran.err));
        let (_, words) = FOUND.iter().find(|(its, _)| *its == format).expect("a format");
        let found = ran.out.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found && ran.out.contains("nginx/autoindex-on"), "{format}: {}", start(&ran.out));
        if matches!(format, "json" | "sarif") {
            ran.json();
        }
        ran
    }

    /// Every format of `check`, and `facts`: each says what is good. `said` is what `concise` or a notice must have.
    pub fn survives(&self, said: &[&str]) {
        for (format, _) in FOUND {
            let ran = self.check_as(format);
            let missing: Vec<_> = said.iter().filter(|said| !(ran.out.clone() + &ran.err).contains(**said)).collect();
            assert!(format != "concise" || missing.is_empty(), "{missing:?}: {} {}", start(&ran.out), start(&ran.err));
        }
        let facts = self.run(&["facts"]);
        assert_eq!(facts.code, Some(0));
        assert!(facts.out.contains("nginx nginx (good/nginx.conf)"), "{}", start(&facts.out));
    }

    /// What `effective` says of the broken configuration, without and with a request, is that it is refused here.
    pub fn refused(&self, message: &str, path: &str, line: Option<u64>) {
        for more in [&["--platform", "nginx"][..], &["--url", "http://shop.example:8080/a?b=c"]] {
            let ran = self.run(&[&["effective", "bad/nginx.conf"], more].concat());
            let answer = ran.json();
            let first = &answer["errors"][0];
            assert_eq!((ran.code, &answer["accepted"]), (Some(1), &Value::Bool(false)), "{}", start(&ran.out));
            let text = first["message"].as_str().unwrap_or_default();
            assert!(text.contains(message), "{message}: {}", start(text));
            assert_eq!((first["path"].as_str(), first["line"].as_u64()), (Some(path), line), "{}", start(text));
        }
    }

    /// The configuration starts, and a request for a path is answered with this status; `None` where it cannot be told.
    pub fn answers(&self, path: &str, status: Option<u64>) -> Value {
        let ran = self.run(&["effective", "bad/nginx.conf", "--url", &format!("http://shop.example:8080{path}")]);
        let answer = ran.json();
        assert_eq!((ran.code, &answer["accepted"]), (Some(0), &Value::Bool(true)), "{}", start(&ran.out));
        assert_eq!(answer["response"]["status"].as_u64(), status, "{path}: {}", start(&ran.out));
        let open = answer["unknown"].as_array().unwrap().iter().any(|open| open["what"] == "response.status");
        assert_eq!(open, status.is_none(), "{path}: {}", start(&ran.out));
        answer
    }
}
