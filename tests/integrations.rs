//! `examples/integrations/`: every command that stands there is run as it stands there, against servers that run. Only
//! the folders of the machine, the place of the program and the addresses of the servers are put in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::oracle::servers::{self, Running, Setup, Started};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hardline");

/// Of the user that audits; no output may hold it.
const PASSWORD: &str = "canary-integrations";

/// The folders that the examples name.
const FOLDERS: [&str; 6] = [
    "/etc/hardline",
    "/run/credentials/hardline-audit.service",
    "/run/secrets/hardline",
    "/var/lib/hardline",
    "/var/lib/node_exporter",
    "/reports",
];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/integrations").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(example(name)).expect("an example")
}

/// The documents of a YAML file, by the parser that `tests/run` installs with pre-commit.
fn yaml(name: &str) -> Vec<Value> {
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(example(name))
        .env("PYTHONPATH", servers::folder().join("../pre-commit"))
        .output()
        .expect("python3 starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A machine whose folders are in a scratch one.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine { folder: tempfile::tempdir().expect("a folder") };
        for folder in FOLDERS {
            fs::create_dir_all(machine.place(folder)).expect("a folder");
        }
        machine
    }

    fn place(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// A text with this machine's folders and program.
    fn settle(&self, text: &str) -> String {
        let mut text = text.replace("/usr/local/bin/hardline", PROGRAM);
        for folder in FOLDERS {
            text = text.replace(folder, self.place(folder).to_str().expect("a plain path"));
        }
        text
    }

    /// An inventory as it stands in an example, with the addresses of these servers.
    fn inventory(&self, path: &str, text: &str, targets: &[String]) {
        let own = regex::Regex::new(r"(?m)^(\s*targets\s*=\s*)\[[^\]]*\]").expect("an expression");
        assert_eq!(own.find_iter(text).count(), 1, "{text}");
        let list = format!("${{1}}[\"{}\"]", targets.join("\", \""));
        fs::write(self.place(path), self.settle(&own.replace(text, list))).expect("a file");
    }

    /// Runs a command with nothing but these variables, in a folder of this machine.
    fn run(&self, words: &[&str], folder: &Path, variables: &[(&str, &str)]) -> Output {
        let path = format!("{}:/usr/bin:/bin", Path::new(PROGRAM).parent().expect("a folder").display());
        let words: Vec<String> = words.iter().map(|word| self.settle(word)).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(folder).env_clear().env("PATH", path).stdin(Stdio::null());
        command.envs(variables.iter().copied());
        let output = command.output().expect("it starts");
        assert!(!told(&output).contains("canary"), "{}", told(&output));
        output
    }

    /// What a command wrote, which never holds the password.
    fn written(&self, path: &str) -> String {
        let text = fs::read_to_string(self.place(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(!text.contains("canary"), "{path}");
        text
    }

    fn report(&self, path: &str) -> Value {
        serde_json::from_str(&self.written(path)).expect("a report")
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The user that audits, as `--print-acl` says; that of a Sentinel comes last.
fn auditors() -> [String; 2] {
    let output = Command::new(PROGRAM).args(["audit", "--print-acl"]).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("text").replace(">PASSWORD", &format!(">{PASSWORD}"));
    let mut users = text.lines().filter(|line| line.starts_with("user ")).map(str::to_owned);
    [users.next().expect("a user"), users.next().expect("a user")]
}

fn start(server: &str, setup: &Setup) -> Running {
    match servers::named(server).start(setup.lay_out()) {
        Started::Ready(running) => running,
        Started::Refused(refusal) => panic!("{server}: {}", refusal.output),
    }
}

fn servers_of_a_fleet() -> (Vec<Running>, Vec<String>) {
    let [user, _] = auditors();
    let conf = format!("port {{PORT}}\nbind 127.0.0.1\nsave \"\"\nuser default off\n{user}\n");
    let running: Vec<Running> =
        ["redis-debian", "redis-8.2", "valkey-9.1"].map(|server| start(server, &Setup::of(&conf))).into();
    let targets = running.iter().map(|running| format!("redis://127.0.0.1:{}", running.ports()[0])).collect();
    (running, targets)
}

/// What Prometheus' own parser and linter say of metrics: nothing.
fn promtool(metrics: &Path) {
    let file = fs::File::open(metrics).expect("metrics");
    let tool = servers::folder().join("promtool");
    let output = Command::new(tool).args(["check", "metrics"]).stdin(file).output();
    let output = output.expect("promtool starts: tests/run installs it");
    assert!(output.status.success() && told(&output).is_empty(), "{}", told(&output));
}

/// The servers of a report, without the groups that they make.
fn names(report: &Value) -> Vec<&str> {
    let subjects = report["subjects"].as_array().expect("a list").iter().filter(|subject| subject["kind"] != "group");
    subjects.filter_map(|subject| subject["name"].as_str()).collect()
}

/// A folder with an authority and a certificate for this machine.
fn authority() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1\n").expect("a file");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for words in [
        format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"),
        format!("req {key} -subj /CN=server -keyout server.key -out server.csr"),
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt"
            .into(),
    ] {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(folder.path()).output();
        let output = output.expect("openssl starts");
        assert!(output.status.success(), "openssl {words}: {}", told(&output));
    }
    folder
}

/// The values of a key in a unit, lines that go on joined.
fn unit(text: &str, key: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_hour_a_sentinel_group_becomes_metrics_and_a_page() {
    let [user, watcher] = auditors();
    let authority = authority();
    let tls = "port 0\ntls-port {PORT}\nbind 127.0.0.1\nunixsocket {DIR}/own.sock\ntls-cert-file {DIR}/server.crt\n\
               tls-key-file {DIR}/server.key\ntls-ca-cert-file {DIR}/ca.crt\ntls-auth-clients no\n\
               tls-replication yes\n";
    let setup = |conf: &str| {
        let names = ["ca.crt", "server.crt", "server.key"];
        names.iter().fold(Setup::of(&format!("{tls}{conf}")), |setup, name| {
            setup.file(name, &fs::read_to_string(authority.path().join(name)).expect("a certificate"))
        })
    };
    let conf = format!("requirepass canary-shop\nmasterauth canary-shop\n{user}\n");
    let primary = start("redis-debian", &setup(&conf));
    let port = primary.ports()[0];
    let replica = start("redis-debian", &setup(&format!("{conf}replicaof 127.0.0.1 {port}\n")));
    let conf = format!("sentinel monitor shop 127.0.0.1 {port} 2\nsentinel auth-pass shop canary-shop\n{watcher}\n");
    let sentinels = [(); 3].map(|()| start("redis-debian", &setup(&conf).args(&["--sentinel"])));
    let all: BTreeSet<String> =
        sentinels.iter().chain([&primary, &replica]).map(|it| format!("127.0.0.1:{}", it.ports()[0])).collect();

    let (machine, service) = (Machine::new(), read("systemd/hardline-audit.service"));
    // The others are logged in to as well, since their certificates are of the same authority.
    let target = format!("rediss+sentinel://127.0.0.1:{}", sentinels[0].ports()[0]);
    fs::copy(authority.path().join("ca.crt"), machine.place("/etc/hardline/ca.crt")).expect("a file");
    machine.inventory("/etc/hardline/fleet.toml", &read("systemd/fleet.toml"), &[target]);
    fs::write(machine.place("/etc/hardline/redis-password"), PASSWORD).expect("a file");
    // What systemd does before it starts the program.
    for credential in unit(&service, "LoadCredential") {
        let (name, from) = credential.split_once(':').expect("a name and a path");
        let to = machine.place("/run/credentials/hardline-audit.service").join(name);
        fs::copy(machine.place(from), to).expect("a credential");
    }
    assert_eq!(unit(&service, "StateDirectory"), ["hardline"]);
    assert_eq!(unit(&service, "ReadWritePaths"), ["/var/lib/node_exporter"]);
    let timer = read("systemd/hardline-audit.timer");
    assert_eq!((unit(&timer, "OnCalendar"), unit(&timer, "Unit")), (vec!["hourly".to_owned()], Vec::new()));

    let [start] = unit(&service, "ExecStart").try_into().expect("one command");
    let words: Vec<&str> = start.split(' ').collect();
    let fine: Vec<i32> =
        unit(&service, "SuccessExitStatus")[0].split(' ').filter_map(|code| code.parse().ok()).collect();
    let metrics = "/var/lib/node_exporter/hardline.prom";
    // A Sentinel learns of replicas from the primary every ten seconds, of the other Sentinels every two.
    for _ in 0..80 {
        let output = machine.run(&words, Path::new("/"), &[]);
        assert!(output.status.code().is_some_and(|code| code == 0 || fine.contains(&code)), "{}", told(&output));
        if machine.written(metrics).matches("hardline_target_up{").count() == all.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    promtool(&machine.place(metrics));
    let (metrics, page) = (machine.written(metrics), machine.written("/var/lib/hardline/audit.html"));
    for name in &all {
        let up = |kind: &str| metrics.contains(&format!("hardline_target_up{{kind=\"{kind}\",target=\"{name}\"}} 1\n"));
        assert!(up("redis") || up("sentinel"), "{name}: {metrics}");
        assert!(page.contains(&format!(">{name}</a>")), "{name}");
    }
    for name in ["hardline_findings{", "hardline_run_timestamp_seconds ", "hardline_run_duration_seconds "] {
        assert!(metrics.contains(&format!("\n{name}")), "{name}: {metrics}");
    }
    assert!(page.contains("5 of 5 servers answered.") && !page.contains("not logged in"), "{page}");
    let report = machine.report("/var/lib/hardline/audit.json");
    assert_eq!(names(&report).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), all);
}

/// The pod of a Job or of what a CronJob makes.
fn pod(job: &Value) -> &Value {
    let spec = &job["spec"];
    let spec = if spec["jobTemplate"].is_null() { spec } else { &spec["jobTemplate"]["spec"] };
    &spec["template"]["spec"]
}

/// The only container of a pod, which has no more rights than it needs, and every volume that it names.
fn container(job: &Value) -> &Value {
    let pod = pod(job);
    let [container] = pod["containers"].as_array().expect("a list").as_slice() else { panic!("one container") };
    assert_eq!(
        (&pod["securityContext"]["runAsNonRoot"], &pod["automountServiceAccountToken"]),
        (&true.into(), &false.into())
    );
    let rights = &container["securityContext"];
    assert_eq!((&rights["readOnlyRootFilesystem"], &rights["allowPrivilegeEscalation"]), (&true.into(), &false.into()));
    let of = |list: &Value, key: &str| -> BTreeSet<String> {
        list.as_array().expect("a list").iter().filter_map(|it| it[key].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(of(&container["volumeMounts"], "name"), of(&pod["volumes"], "name"));
    let mounts = of(&container["volumeMounts"], "mountPath");
    assert!(mounts.iter().all(|mount| FOLDERS.contains(&mount.as_str())), "{mounts:?}");
    container
}

fn words(container: &Value) -> Vec<&str> {
    let list = |key: &str| container[key].as_array().expect("a list").iter().filter_map(Value::as_str);
    list("command").chain(list("args")).collect()
}

fn kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    documents.iter().find(|document| document["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
fn jobs_of_kubernetes_audit_a_fleet_whole_and_in_parts() {
    let (_running, targets) = servers_of_a_fleet();
    let all: BTreeSet<&str> = targets.iter().filter_map(|target| target.strip_prefix("redis://")).collect();
    let (machine, hourly) = (Machine::new(), yaml("kubernetes/cronjob.yaml"));
    let inventory = kind(&hourly, "ConfigMap")["data"]["fleet.toml"].as_str().expect("an inventory");
    machine.inventory("/etc/hardline/fleet.toml", inventory, &targets);
    fs::write(machine.place("/run/secrets/hardline/redis-password"), PASSWORD).expect("a file");

    let output = machine.run(&words(container(kind(&hourly, "CronJob"))), Path::new("/"), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(names(&machine.report("/reports/audit.json")).into_iter().collect::<BTreeSet<_>>(), all);
    assert!(machine.written("/reports/audit.html").contains("3 of 3 servers answered."));

    let (shards, merge) = (yaml("kubernetes/indexed-job.yaml"), yaml("kubernetes/merge-job.yaml"));
    let (shards, merge) = (kind(&shards, "Job"), container(kind(&merge, "Job")));
    let audit = container(shards);
    let set = |name: &str| {
        let variable = audit["env"].as_array().expect("a list").iter().find(|it| it["name"] == name);
        variable.and_then(|it| it["value"].as_str()).expect("a variable")
    };
    let completions = shards["spec"]["completions"].as_u64().expect("a number");
    assert_eq!(
        (set("SHARDS"), &shards["spec"]["completionMode"]),
        (completions.to_string().as_str(), &"Indexed".into())
    );
    for index in 0..completions {
        let variables = [("SHARDS", set("SHARDS")), ("JOB_COMPLETION_INDEX", &index.to_string())];
        let output = machine.run(&words(audit), Path::new("/"), &variables);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
    for (round, code) in [(1, 0), (2, 0), (3, 1)] {
        if round == 3 {
            // Where nothing was found before, all is new.
            let mut before = machine.report("/reports/fleet.json");
            before["findings"] = Value::Array(Vec::new());
            fs::write(machine.place("/reports/fleet.json"), before.to_string()).expect("a file");
        }
        let output = machine.run(&words(merge), Path::new("/"), &[]);
        assert_eq!(output.status.code(), Some(code), "round {round}: {}", told(&output));
        let whole = machine.report("/reports/fleet.json");
        assert_eq!(names(&whole).len(), all.len());
        assert_eq!(names(&whole).into_iter().collect::<BTreeSet<_>>(), all);
    }
}

#[test]
fn schedules_of_gitlab_and_github_audit_a_fleet() {
    let (_running, targets) = servers_of_a_fleet();
    let (gitlab, github) = (yaml("gitlab-ci.yml"), yaml("github-audit.yml"));
    let gitlab = &gitlab[0]["audit"];
    let lines = gitlab["script"].as_array().expect("a list").iter().filter_map(Value::as_str);
    let gitlab_script = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(gitlab["rules"][0]["if"], "$CI_PIPELINE_SOURCE == \"schedule\"");
    let gitlab_files = gitlab["artifacts"]["paths"].as_array().expect("a list").iter().filter_map(Value::as_str);
    let steps = github[0]["jobs"]["audit"]["steps"].as_array().expect("a list");
    let step = steps.iter().find(|step| step["run"].is_string()).expect("a step that runs something");
    assert_eq!(step["env"]["AUDIT_PASSWORD"], "${{ secrets.AUDIT_PASSWORD }}");
    let upload = steps.iter().find_map(|step| step["with"]["path"].as_str()).expect("files to keep");
    for (script, files) in [
        (gitlab_script.as_str(), gitlab_files.collect::<Vec<_>>()),
        (step["run"].as_str().expect("a script"), upload.lines().collect()),
    ] {
        let machine = Machine::new();
        machine.inventory("fleet.toml", &read("fleet.toml"), &targets);
        let summary = machine.place("summary");
        let variables =
            [("AUDIT_PASSWORD", PASSWORD), ("GITHUB_STEP_SUMMARY", summary.to_str().expect("a plain path"))];
        let output = machine.run(&["sh", "-e", "-c", script], machine.folder.path(), &variables);
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        assert!(files.contains(&"audit.html") && files.contains(&"audit.json"), "{files:?}");
        for file in files {
            assert!(machine.written(file).len() > 1000, "{file}");
        }
        assert_eq!(names(&machine.report("audit.json")).len(), targets.len());
        if script.contains("GITHUB_STEP_SUMMARY") {
            assert!(machine.written("summary").starts_with("## hardline"));
            assert!(told(&output).contains("::"), "{}", told(&output));
        }
    }
}

/// Names of servers come from answers and inventories.
#[test]
fn metrics_pass_the_official_parser() {
    let (_running, targets) = servers_of_a_fleet();
    let scratch = tempfile::tempdir().expect("a folder");
    // Twice the same server is one series, and the socket of nobody has a name that needs care.
    let socket = "unix:///no/such%22,x=%5C%22%0A1.sock".to_owned();
    let targets: Vec<&String> = targets.iter().chain(&targets).chain([&socket]).collect();
    let output = Command::new(PROGRAM)
        .args(["audit", "--user", "hardline-audit", "--quiet", "--format", "prometheus"])
        .args(targets)
        .env("REDISCLI_AUTH", PASSWORD)
        .output()
        .expect("it starts");
    let text = String::from_utf8(output.stdout).expect("text");
    fs::write(scratch.path().join("fleet.prom"), &text).expect("a file");
    promtool(&scratch.path().join("fleet.prom"));
    let series: Vec<&str> = text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    assert_eq!(series.len(), series.iter().collect::<BTreeSet<_>>().len(), "{text}");
    assert_eq!(text.matches("hardline_target_up{").count(), 4, "{text}");
    assert!(text.lines().any(|line| line.starts_with("hardline_target_up") && line.ends_with(" 0")), "{text}");
    let metrics = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next());
    let metrics: BTreeSet<&str> = metrics.collect();
    for name in &metrics {
        for about in ["HELP", "TYPE"] {
            assert_eq!(text.matches(&format!("# {about} {name} ")).count(), 1, "{about} {name}");
        }
    }
    // The alarms that are shown are on what is written.
    let tool = servers::folder().join("promtool");
    let output = Command::new(tool).args(["check", "rules"]).arg(example("prometheus-rules.yml")).output();
    let output = output.expect("promtool starts: tests/run installs it");
    assert!(output.status.success(), "{}", told(&output));
    let rules = read("prometheus-rules.yml");
    let named = regex::Regex::new("hardline_[a-z_]+").expect("an expression");
    for name in named.find_iter(&rules) {
        assert!(metrics.contains(name.as_str()), "{}", name.as_str());
    }
}
