//! The facts that are concluded about a Redis instance, beside its settings.
//!
//! A setting has the product's own name (`redis.protected_mode`) and comes from `data/directives.toml`. What follows
//! from several settings together is declared here and concluded in `derive`. Nothing here judges.

mod keyspace;

use self::keyspace::KEYSPACE;
use crate::schema::{Field, Type};

const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

/// The facts below `redis` that are concluded. Sentinel has `accepted_by`, `acl`, `errors`, `listen`,
/// `not_in_force`, `passwords`, `reach` and `refused_by` too, in the same shape.
pub static DERIVED: &[Field] = &[
    field("acl", Type::Record(&[ACL]), "users as the server has them after start-up"),
    field("branch", Type::Record(&[BRANCH]), "the minor branch of the declared version"),
    field("cluster_bus", Type::Record(&[CLUSTER_BUS]), "the port on which cluster nodes talk to each other"),
    field(
        "gates",
        Type::List(&Type::Record(&[GATE])),
        "the switches that keep remote clients from the host; none before 7.0",
    ),
    field("accepted_by", Type::List(&Type::Text), "the versions in question that would start"),
    field("refused_by", Type::List(&Type::Text), "the versions in question that would not"),
    field("errors", Type::List(&Type::Record(&[ERROR])), "why the server would refuse to start, the first first"),
    field(
        "exposure",
        Type::Record(&[EXPOSURE]),
        "the known vulnerabilities of the declared version together, by what they give and whether anything reaches them",
    ),
    field(
        "keys",
        Type::Record(&[KEYSPACE]),
        "what was seen of the keys of a running server; absent where nobody asked for them",
    ),
    field("listen", Type::List(&Type::Record(&[LISTENER])), "the TCP sockets that the server opens"),
    field(
        "files",
        Type::List(&Type::Record(&[FILE])),
        "the files it is made of, and the key of TLS, as they are on this disk",
    ),
    field("live", Type::Record(&[LIVE]), "what only a running server tells; absent where files are read"),
    field("main", Type::Text, "the name of the main file; what is missing would be written at its end"),
    field("modules", Type::List(&Type::Record(&[MODULE])), "the modules that are loaded at the start"),
    field("old_names", Type::List(&Type::Record(&[OLD_NAME])), "settings that are written under a name they had once"),
    field("renamed_commands", Type::List(&Type::Record(&[RENAMED])), "the commands that `rename-command` renames"),
    field("rewritten", Type::Bool, "whether `CONFIG REWRITE` has written the main file; absent of a running server"),
    field("not_in_force", Type::List(&Type::Record(&[NOT_IN_FORCE])), "settings that are written and have no effect"),
    field(
        "passwords",
        Type::List(&Type::Record(&[PASSWORD])),
        "every password that is written or hashed in these files",
    ),
    field("reach", Type::Record(&[REACH]), "what a client without credentials gets"),
    field(
        "vulnerabilities",
        Type::List(&Type::Record(&[VULNERABILITY])),
        "the known vulnerabilities that the declared version has or may have; none where no version is declared",
    ),
];

static ACL: &[Field] = &[
    field("default_user", Type::Record(&[USER]), "the user that every client is until it logs in as another"),
    field(
        "requirepass_in_force",
        Type::Bool,
        "whether `requirepass` is what protects the default user; absent when it is not written",
    ),
    field("requirepass_void_because", Type::Text, "what makes a written `requirepass` void, or the empty text"),
    field("users", Type::List(&Type::Record(&[USER])), "all users, the default user among them"),
];

static USER: &[Field] = &[
    field("name", Type::Text, "the user's name"),
    field("enabled", Type::Bool, "whether it may log in (`on`)"),
    field("nopass", Type::Bool, "whether any password is right"),
    field("password_count", Type::Int, "how many passwords it has"),
    field("all_keys", Type::Bool, "whether some selector with a command reaches every key"),
    field("all_channels", Type::Bool, "whether it reaches every channel"),
    field("all_commands", Type::Bool, "whether some selector has every command, those of modules to come included"),
    field("keys", Type::List(&Type::Record(&[KEY])), "the key patterns of its root permissions"),
    field("idle_keys", Type::List(&Type::Record(&[KEY])), "those of them that no command it may run can use"),
    field("replicates", Type::Bool, "whether it may run PSYNC"),
    field(
        "replicates_fully",
        Type::Bool,
        "whether it may run PSYNC, REPLCONF and PING: what a replica sends its primary",
    ),
    field("selectors", Type::List(&Type::Record(&[SELECTOR])), "what its rules in parentheses add"),
    field("unbound_ways", Type::List(&Type::Record(&[WAY])), "the ways to the data that no key pattern binds"),
    field("channels", Type::List(&Type::Text), "the channel patterns of its root permissions"),
    field("commands", Type::Commands, "what it may run, asked with `can(user, \"config|set\")`"),
    field("databases", Type::List(&Type::Int), "the databases that it reaches; absent where it reaches all"),
    field("no_commands", Type::Bool, "whether it may run nothing but the commands of logging in"),
    field(
        "takeover",
        Type::List(&Type::Record(&[WAY])),
        "the known ways to take the host, the data, the service or secrets",
    ),
    field("undone_rules", Type::List(&Type::Record(&[UNDONE])), "rules that a later rule makes void"),
    field("crashing_rules", Type::List(&Type::Record(&[CRASHING])), "rules on which the server dies later"),
    field("password_reset", Type::Bool, "whether it is enabled and can never log in, having no password and no nopass"),
];

static KEY: &[Field] = &[
    field("pattern", Type::Text, "the glob pattern"),
    field("read", Type::Bool, "whether reading is allowed"),
    field("write", Type::Bool, "whether writing is allowed"),
];

static SELECTOR: &[Field] = &[
    field("rule", Type::Text, "the rule"),
    field("listed", Type::Text, "what it comes to, in the words of ACL LIST"),
    field("all_keys", Type::Bool, "whether it reaches every key"),
    field("all_commands", Type::Bool, "whether it has every command"),
    field("ways", Type::List(&Type::Text), "the names of the ways that it opens by itself"),
];

static WAY: &[Field] = &[
    field("way", Type::Text, "its name, such as module-load"),
    field("takes", Type::Text, "what it takes: host, data, service or secrets"),
    field(
        "open",
        Type::Bool,
        "whether the user's rules and the server's gates leave it open to a client on another host",
    ),
    field("gate", Type::Text, "the setting that can close it whatever the rules say, or the empty text"),
    field("commands", Type::Text, "the commands it takes, as one writes them"),
    field("decided_by", Type::Text, "the rule that allows or denies it, or the empty text"),
];

static UNDONE: &[Field] = &[
    field("rule", Type::Text, "the rule that has no effect left"),
    field("by", Type::Text, "the later rule that undoes it"),
    field("takes_away", Type::Bool, "whether the undone rule was one that takes rights away"),
];

static CRASHING: &[Field] =
    &[field("rule", Type::Text, "the rule"), field("when", Type::Text, "what makes the server die")];

static BRANCH: &[Field] = &[
    field("name", Type::Text, "major and minor"),
    field("declared", Type::Bool, "whether a version is declared; the other fields are absent where none is"),
    field("supported", Type::Bool, "whether its support has not ended on the day of the run"),
    field("end_of_support", Type::Text, "the last day of support, YYYY-MM-DD"),
    field("latest", Type::Text, "the last release of the branch that the data know"),
    field("packaged", Type::Bool, "whether a distribution made the package and looks after it itself"),
];

static EXPOSURE: &[Field] = &[
    field("grave", Type::List(&Type::Record(&[RISK])), "those of severity critical and high that something may reach"),
    field("lesser", Type::List(&Type::Record(&[RISK])), "the others that something may reach"),
    field("closed", Type::List(&Type::Record(&[RISK])), "those that nothing here reaches"),
];

static RISK: &[Field] = &[
    field("version", Type::Text, "the version as it is declared"),
    field("reachable", Type::Bool, "whether something here reaches them"),
    field("ids", Type::List(&Type::Text), "their ids"),
    field("because", Type::List(&Type::Text), "what reaches them"),
    field("fixed_in", Type::Text, "the first release of the branch that fixes all of them"),
];

static VULNERABILITY: &[Field] = &[
    field("id", Type::Text, "CVE-YYYY-N or GHSA-…"),
    field("title", Type::Text, "what it is, in one line"),
    field("affected", Type::Bool, "whether the version has it; unknown where the sources do not say"),
    field("fixed_in", Type::Text, "the release of the branch that fixes it, or the empty text"),
    field("reachable", Type::Bool, "whether users, gates and listeners of this configuration let somebody reach it"),
    field("because", Type::Text, "what reaches it, or the empty text"),
    field("severity", Type::Text, "critical, high, medium or low, by the scale of checks"),
];

static CLUSTER_BUS: &[Field] = &[
    field("open", Type::Bool, "whether there is one"),
    field("port", Type::Int, "its port"),
    field("tls", Type::Bool, "whether nodes must speak TLS on it"),
    field("beyond_host", Type::Bool, "whether it can be reached from other hosts"),
];

static GATE: &[Field] = &[
    field("setting", Type::Text, "the switch's name"),
    field("value", Type::Text, "no, local or yes"),
    field("guards", Type::Text, "what it keeps remote clients from, in words"),
];

static ERROR: &[Field] = &[
    field("message", Type::Text, "what the server would not accept"),
    field("elsewhere", Type::Bool, "whether another version in question may start with this configuration"),
];

static LISTENER: &[Field] = &[
    field("address", Type::Text, "the address as `bind` says it"),
    field("port", Type::Int, "the TCP port"),
    field("tls", Type::Bool, "whether clients must speak TLS on it"),
    field("loopback", Type::Bool, "whether only this host can reach it"),
    field("wildcard", Type::Bool, "whether it is every address of its family"),
];

static FILE: &[Field] = &[
    field("path", Type::Text, "the path"),
    field("role", Type::Text, "configuration, acl or key"),
    field("mode", Type::Text, "the permission bits in octal"),
    field("readable_by_all", Type::Bool, "whether every user of the host may read it"),
    field("writable_by_others", Type::Bool, "whether its group or every user of the host may write it"),
    field("in_work_tree", Type::Bool, "whether it is in a git work tree, where modes say nothing"),
    field("committed", Type::Bool, "whether it is in a git work tree and not ignored there"),
    field("private_key", Type::Bool, "whether a private key stands in it"),
];

static MODULE: &[Field] = &[
    field("path", Type::Text, "the path of the library"),
    field("absolute", Type::Bool, "whether the path does not depend on the working folder"),
];

static OLD_NAME: &[Field] =
    &[field("written", Type::Text, "the name that is written"), field("name", Type::Text, "the name it has now")];

static RENAMED: &[Field] = &[
    field("command", Type::Text, "the command"),
    field("name", Type::Text, "its new name; empty when it has none"),
    field("removed", Type::Bool, "whether it cannot be called any more"),
];

static NOT_IN_FORCE: &[Field] = &[
    field("setting", Type::Text, "the setting's name"),
    field(
        "cause",
        Type::Text,
        "overridden (a later line), reset (`save` after `include`), unused (a switch it needs is off) or ignored (the version does)",
    ),
    field("because", Type::Text, "in words"),
];

static PASSWORD: &[Field] = &[
    field("of", Type::Text, "whose it is: a setting's name, or `user NAME`"),
    field("text", Type::Secret, "the password, or its hash; compared, never shown"),
    field("hashed", Type::Bool, "whether only a SHA-256 hash is written"),
    field("length", Type::Int, "its length in bytes; unknown for a hash"),
    field(
        "reference",
        Type::Bool,
        "whether it is the literal text of a reference such as ${NAME}, which the server does not resolve",
    ),
    field("users", Type::List(&Type::Text), "the other users of the instance that have the same password"),
    field("instances", Type::List(&Type::Text), "whose it is in other instances, where neither is a replica"),
    field("committed", Type::Bool, "whether it is in a git work tree, in a file that git does not ignore"),
    field("in_acl", Type::Bool, "whether it is written in an ACL rule, where a hash could stand instead"),
];

static REACH: &[Field] = &[
    field("remote", Type::Record(&[ANSWER]), "from another host, over any listener that needs no client certificate"),
    field("remote_plain", Type::Record(&[ANSWER]), "from another host, without TLS"),
    field("loopback", Type::Record(&[ANSWER]), "from a process of this host, over TCP"),
    field("unix_other", Type::Record(&[ANSWER]), "from a process of another user of this host, over the Unix socket"),
    field(
        "guard",
        Type::Text,
        "what alone keeps a client on another host out: protected-mode, password, certificate, no-listener, or nothing",
    ),
];

static ANSWER: &[Field] = &[
    field(
        "answer",
        Type::Text,
        "to PING: PONG, NOPERM, NOAUTH, DENIED, refused-connect, tls-error, permission-denied, no-socket",
    ),
    field("because", Type::Text, "what decides it, in words"),
];

static LIVE: &[Field] = &[
    field("url", Type::Text, "where the server is"),
    field("version", Type::Text, "the version that it says it is, `product:version`"),
    field("config_file", Type::Text, "the file that it was started with, as it says it, or the empty text"),
    field("local", Type::Bool, "whether it was asked from its own host"),
    field("encrypted", Type::Bool, "whether it was asked over TLS"),
    field("tls_protocol", Type::Text, "the protocol of that connection, or the empty text"),
    field("tls_distrust", Type::Text, "why its certificate is not trusted here, or the empty text"),
    field("tls", Type::Record(&[OFFERED]), "TLS as it is really offered"),
    field("logged_in", Type::Bool, "whether the audit logged in as a user"),
    field("stranger", Type::Record(&[STRANGER]), "what somebody without a login gets"),
    field("up_seconds", Type::Int, "for how long it has run"),
    field("role", Type::Text, "master, slave or sentinel, as the server says it"),
    field("clients", Type::List(&Type::Record(&[CLIENT])), "who is connected"),
    field("denied", Type::List(&Type::Record(&[DENIED])), "what its log of denied accesses has"),
    field("replicas", Type::Int, "how many replicas are connected"),
    field("primary_link", Type::Text, "of a replica whether its primary is there: up or down"),
    field("loading", Type::Bool, "whether it is still reading its data"),
    field("rdb_save_status", Type::Text, "how the last snapshot went: ok or err"),
    field("rdb_changes", Type::Int, "how many changes no snapshot has"),
    field("aof_write_status", Type::Text, "how the last write to the append-only file went: ok or err"),
    field("aof_rewrite_status", Type::Text, "how its last rewrite went: ok or err"),
    field("rejected_connections", Type::Int, "how many connections `maxclients` has turned away"),
    field("evicted_keys", Type::Int, "how many keys were thrown out for want of memory"),
    field("memory_percent", Type::Int, "how much of `maxmemory` the data take, in percent; -1 without a limit"),
    field("memory_policy", Type::Text, "what happens when memory is full, as `maxmemory-policy` has it now"),
    field("keys_with_ttl", Type::Int, "how many keys expire"),
    field("aof", Type::Bool, "whether there is an append-only file"),
    field("save_overdue_seconds", Type::Int, "for how long a point of `save` has been due; 0 where none is"),
    field(
        "primary_down_seconds",
        Type::Int,
        "of a replica for how long its primary has been gone; -1 where it is there or never was",
    ),
    field("loading_seconds_left", Type::Int, "how long it will go on reading its data; -1 where it does not"),
    field("replica_links", Type::List(&Type::Record(&[REPLICA_LINK])), "the replicas that are connected"),
    field("on_this_host", Type::Bool, "whether it runs on the very host that the audit does"),
    field(
        "bind_missing",
        Type::List(&Type::Text),
        "the addresses of `bind` without a `-` that this host does not have, where it runs on it",
    ),
];

static OFFERED: &[Field] = &[
    field(
        "protocols",
        Type::List(&Type::Record(&[PROTOCOL])),
        "TLSv1 to TLSv1.3; none where it was not asked over TLS",
    ),
    field("certificates", Type::List(&Type::Record(&[CERTIFICATE])), "the certificates that it shows, its own first"),
    field("asked_name", Type::Text, "the name or address that its certificate is to be for"),
    field("for_asked_name", Type::Bool, "whether it is for that; absent without TLS"),
    field("chain_complete", Type::Bool, "whether the certificates lead to an authority; absent without TLS"),
    field("untrusted_for", Type::Text, "what tls_distrust is about: issuer, time, name, key, other or nothing"),
];

static PROTOCOL: &[Field] = &[
    field("name", Type::Text, "as `tls-protocols` has it"),
    field("accepted", Type::Bool, "whether the server goes on with it"),
];

static CERTIFICATE: &[Field] = &[
    field("subject", Type::Text, "whom it is for"),
    field("issuer", Type::Text, "who issued it"),
    field("not_before", Type::Text, "the first day on which it is valid"),
    field("not_after", Type::Text, "the last one"),
    field("days", Type::Int, "from the first to the last"),
    field("days_left", Type::Int, "from today to the last; negative when that is past"),
    field("names", Type::List(&Type::Text), "the host names and addresses that it is for"),
    field("own", Type::Bool, "whether it is the server's own, not that of an authority above"),
    field("authority", Type::Bool, "whether it may issue others"),
    field("self_signed", Type::Bool, "whether it names itself as its issuer"),
    field("key_algorithm", Type::Text, "RSA, EC, DSA, Ed25519, Ed448, or the number of another kind"),
    field("key_bits", Type::Int, "how long its key is"),
    field("signature_algorithm", Type::Text, "by what it is signed, such as sha256WithRSAEncryption"),
];

static STRANGER: &[Field] = &[
    field("ping", Type::Text, "what PING gets: answered, the code of an error, or nothing"),
    field("info", Type::Bool, "whether INFO is answered"),
    field("config", Type::Bool, "whether CONFIG GET is answered"),
    field(
        "tells_commands",
        Type::Bool,
        "whether a command that does not exist is answered differently from one that does",
    ),
];

static CLIENT: &[Field] = &[
    field("address", Type::Text, "where it comes from, without the port"),
    field("local", Type::Bool, "whether it comes from the host itself"),
    field("unix", Type::Bool, "whether it comes through the unix socket"),
    field("user", Type::Text, "as whom it is logged in"),
    field("name", Type::Text, "what it calls itself"),
    field("replica", Type::Bool, "whether it is a replica"),
    field("encrypted", Type::Bool, "whether it came through the port with TLS"),
    field("may_log_in", Type::Bool, "whether its user is there and on, so that it could log in today"),
    field(
        "kept_right",
        Type::Text,
        "what it goes on doing though its user may not any more: MONITOR, PSYNC, SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, or the empty text",
    ),
    field("age_seconds", Type::Int, "for how long it has been connected"),
    field("idle_seconds", Type::Int, "for how long it has sent nothing"),
];

static REPLICA_LINK: &[Field] = &[
    field("address", Type::Text, "where it is"),
    field("state", Type::Text, "online, or what the synchronisation waits for"),
    field("lag_seconds", Type::Int, "how long ago it said how far it is; -1 where it never did"),
    field("behind_bytes", Type::Int, "how much of what was written it has not said it has; -1 where that is not told"),
];

static DENIED: &[Field] = &[
    field("reason", Type::Text, "auth, command, key, channel, tls-cert or db"),
    field("object", Type::Text, "the command, key or channel; of `auth` the word AUTH"),
    field("user", Type::Text, "who was denied"),
    field("count", Type::Int, "how often"),
    field("age_seconds", Type::Int, "how long ago"),
    field("address", Type::Text, "from where, without the port"),
];
