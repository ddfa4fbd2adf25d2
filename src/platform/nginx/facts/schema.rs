//! The facts that are concluded about a configuration of nginx, beside what is written in it. Nothing here judges.

mod level;

use self::level::{RESPONSE_HEADER, SCOPE, WAY, WRITTEN_HEADER};
use crate::header;
use crate::schema::{Field, Type};

const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

/// The facts below `nginx` that are concluded. Every directive is a fact of its own name beside them.
pub static DERIVED: &[Field] = &[
    field("main", Type::Text, "the name of the main file"),
    field(
        "whole",
        Type::Bool,
        "whether this is a whole configuration; of a mere part of one, what it lacks may be said around it",
    ),
    field(
        "part_of",
        Type::Text,
        "the level on which the file's directives stand: main (a whole configuration), http, server, or location where nothing tells",
    ),
    field("http_block", Type::Text, "the `http` block; what is missing everywhere would be written in it"),
    field("accepted_by", Type::List(&Type::Text), "the versions in question that would start"),
    field("refused_by", Type::List(&Type::Text), "the versions in question that would not"),
    field("errors", Type::List(&Type::Record(&[ERROR])), "why nginx would refuse to start, the first first"),
    field(
        "swallowed",
        Type::List(&Type::Record(&[SWALLOWED])),
        "directives that are arguments of the one before, for want of a `;`",
    ),
    field("servers", Type::List(&Type::Record(&[SERVER])), "the servers of `http`"),
    field(
        "scopes",
        Type::List(&Type::Record(&[SCOPE])),
        "every level of a server whose settings a response can have: the server itself, locations, `if` blocks",
    ),
    field(
        "response_headers",
        Type::List(&Type::Record(&[RESPONSE_HEADER, WRITTEN_HEADER, header::HEADER])),
        "every `add_header` that is written, once for each value that it may have",
    ),
    field("log_formats", Type::List(&Type::Record(&[LOG_FORMAT])), "the formats of access logs"),
    field(
        "cache_rules",
        Type::List(&Type::Record(&[CACHE_RULE])),
        "the project's rules for caches, with what becomes of their example pages here",
    ),
    field(
        "secrets",
        Type::List(&Type::Record(&[SECRET])),
        "texts in directives that look like secrets; what they are is no fact",
    ),
    field(
        "secret_files",
        Type::List(&Type::Record(&[SECRET_FILE])),
        "the files with private keys and passwords that directives name",
    ),
    field(
        "zones",
        Type::List(&Type::Record(&[ZONE])),
        "the zones that limits, caches and formats share, and whether anything uses them",
    ),
];

static SECRET: &[Field] = &[
    field("of", Type::Text, "the directive that holds it, with the name that it gives a value to"),
    field(
        "kind",
        Type::Text,
        "where it stands: basic or bearer (after that word), url (the password of one), link (what links are signed with), condition (what an `if` compares with), map (a line of one) or value",
    ),
    field("length", Type::Int, "how long it is; of a link what is no variable"),
    field("mixed", Type::Bool, "whether it has letters and digits"),
    field("capitals", Type::Bool, "whether it is nothing but capitals, digits and `_`: a name to be replaced"),
    field("committed", Type::Bool, "whether it is in a git work tree, in a file that git does not ignore"),
];

static SECRET_FILE: &[Field] = &[
    field("path", Type::Text, "as it is written"),
    field("role", Type::Text, "key, passphrases or users"),
    field("committed", Type::Bool, "whether it is in a git work tree and not ignored there"),
    field("private_key", Type::Bool, "whether there is a private key in it"),
    field(
        "served",
        Type::Bool,
        "whether a stranger is sent it by the server that it is for, for the passwords of users",
    ),
];

static ERROR: &[Field] = &[
    field("message", Type::Text, "what nginx would say"),
    field("elsewhere", Type::Bool, "whether another version in question may start with this configuration"),
];

static SWALLOWED: &[Field] = &[
    field("directive", Type::Text, "the directive that was meant"),
    field("into", Type::Text, "the directive whose argument it is"),
];

/// A directive that is written.
pub static WRITTEN: &[Field] = &[
    field("value", Type::Text, "its arguments, one space between them, quotes and escapes resolved"),
    field("words", Type::List(&Type::Text), "its arguments"),
    field("first", Type::Text, "its first argument, or the empty text"),
    field("lower", Type::Text, "its first argument in lower case: the name of a header"),
    field("last", Type::Text, "its last argument, or the empty text"),
    field("on", Type::Bool, "whether its first argument is `on`, in any case"),
    field("bytes", Type::Int, "its first argument as a size in bytes; -1 where it is none"),
    field("milliseconds", Type::Int, "its first argument as a time; -1 where it is none"),
    field(
        "level",
        Type::Text,
        "where it stands: main, http, server, location, if, limit_except, upstream or another block",
    ),
    field("label", Type::Text, "the block in which it stands, as a reader would call it"),
    field("in_force", Type::Bool, "whether some response has it: a level that responds has this one and no other"),
    field("variables", Type::List(&Type::Text), "the variables in its arguments, without `$`"),
    field(
        "made_of",
        Type::List(&Type::Text),
        "the variables in its arguments, those that `map` and `set` make followed, without `$`; what a pattern has found in a variable counts as that variable where it may hold a line feed",
    ),
];

static SERVER: &[Field] = &[
    field("label", Type::Text, "its first name, or what it listens on"),
    field("names", Type::List(&Type::Text), "its names"),
    field("listens", Type::List(&Type::Record(&[LISTEN])), "what it listens on"),
    field("tls", Type::Bool, "whether some connection to it is encrypted"),
    field("plain", Type::Bool, "whether some connection to it is not"),
    field("default", Type::Bool, "whether it answers for names that no server has, on some socket"),
    field(
        "default_by_order",
        Type::Bool,
        "whether it does so only because it comes first, with other servers on the socket",
    ),
    field("answers", Type::Text, "what all of it does: content, redirect (nothing but redirects), error or nothing"),
    field("sends", Type::List(&Type::Text), "the response headers that some level of it adds, in lower case"),
    field("serves_files", Type::Bool, "whether some of its content is files that nginx reads itself"),
    field("tokens", Type::Text, "what `server_tokens` is on its own level: on, off or build"),
    field("protocols", Type::List(&Type::Text), "the versions of TLS that clients may choose, as nginx applies them"),
    field("reflects_host", Type::Bool, "whether a redirect of its own takes the host from the request"),
    field(
        "commands",
        Type::Commands,
        "what a stranger gets, asked with `can(server, \"read /path\")` (the file, should it be there) and `can(server, \"run /path\")` (the file is handed to an interpreter of scripts), `can(server, \"hand /path\")` (it is, though no such file is there)",
    ),
];

static LISTEN: &[Field] = &[
    field("text", Type::Text, "as it is written"),
    field("address", Type::Text, "the address; `*` for every one"),
    field("port", Type::Int, "the port; 0 for a Unix socket"),
    field("tls", Type::Bool, "whether connections are encrypted"),
    field("unix", Type::Bool, "whether it is a Unix socket"),
];

static LOG_FORMAT: &[Field] = &[
    field("name", Type::Text, "its name"),
    field("text", Type::Text, "the format"),
    field("escape", Type::Text, "default, json or none"),
    field("variables", Type::List(&Type::Text), "the variables in it, without `$`"),
    field("used", Type::Bool, "whether some log has it"),
    field(
        "lacks",
        Type::List(&Type::Text),
        "which of the time, the client's address, what was asked for and the status an entry does not tell; the time is syslog's affair",
    ),
    field("looks_like_json", Type::Bool, "whether it begins with a brace"),
];

static CACHE_RULE: &[Field] = &[
    field("name", Type::Text, "its name"),
    field("owner", Type::Text, "who answers for it, or the empty text"),
    field("what", Type::Text, "what it says, or the empty text"),
    field("rollback", Type::Text, "how to undo it, or the empty text"),
    field("shows_cached", Type::Bool, "whether it has an example of a page that is kept"),
    field("shows_not_cached", Type::Bool, "whether it has an example of a page that is not kept"),
    field("pages", Type::List(&Type::Record(&[PAGE])), "its example pages that a server of this configuration answers"),
    field(
        "homeless",
        Type::List(&Type::Record(&[HOMELESS])),
        "its example pages whose host no server of any configuration in reach has among its names; told by the first of them",
    ),
];

static HOMELESS: &[Field] = &[
    field("url", Type::Text, "its URL"),
    field("answered", Type::Bool, "false; unknown where there may be servers that are not seen"),
];

static PAGE: &[Field] = &[
    field("url", Type::Text, "its URL"),
    field(
        "with",
        Type::Text,
        "what is special about the request, to be read after the URL: ` with cookie`, or the empty text",
    ),
    field("promised", Type::Bool, "whether the rule says that it is kept"),
    field("kept", Type::Bool, "whether nginx keeps the answer of an upstream that says nothing about caches"),
    field("given", Type::Bool, "whether nginx answers it with what it has kept"),
    field("why", Type::Text, "what decides, in words"),
];

static ZONE: &[Field] = &[
    field("kind", Type::Text, "limit_req, limit_conn or cache"),
    field("name", Type::Text, "its name"),
    field("key", Type::Text, "what it counts by; the empty text for a cache"),
    field("key_variables", Type::List(&Type::Text), "the variables in the key, without `$`"),
    field(
        "key_made_of",
        Type::List(&Type::Text),
        "the variables that the key is made of, those that `map` and `set` make followed, without `$`",
    ),
    field(
        "uncounted",
        Type::List(&Type::Record(&[WAY])),
        "the ways on which the key is empty, so that a request is not counted: what a `map` asks for that",
    ),
    field("path", Type::Text, "the folder of a cache, or the empty text"),
    field("used", Type::Bool, "whether anything uses it"),
    field("ruled", Type::Bool, "whether an example page of a rule of the project has to do with it"),
];
