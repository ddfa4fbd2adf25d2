//! The facts that are concluded about a configuration of nginx, beside what is written in it. Nothing here judges.

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
        "zones",
        Type::List(&Type::Record(&[ZONE])),
        "the zones that limits, caches and formats share, and whether anything uses them",
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

static SCOPE: &[Field] = &[
    field("label", Type::Text, "as a reader would call it: location /api/"),
    field("kind", Type::Text, "server, location, if or limit_except"),
    field("server", Type::Text, "the label of its server"),
    field("site", Type::Text, "the first name of its server: servers for one site on several ports have one"),
    field("name", Type::Text, "the path, expression or name of the location, or the empty text"),
    field(
        "matches",
        Type::Text,
        "how the location is chosen: exact, prefix, prefix-only, regex, regex-caseless, named, or nothing",
    ),
    field("responds", Type::Bool, "whether a response can have its settings"),
    field("answers", Type::Text, "what it answers: content, redirect, error or nothing"),
    field("handler", Type::Text, "what makes the content: files, return, proxy_pass and its like, stub_status …"),
    field("internal", Type::Bool, "whether only nginx itself leads there"),
    field("tls", Type::Bool, "whether some connection to its server is encrypted"),
    field("plain", Type::Bool, "whether some connection to its server is not"),
    field(
        "headers",
        Type::List(&Type::Record(&[RESPONSE_HEADER, header::HEADER])),
        "the response headers that nginx adds here, each possible value for itself",
    ),
    field(
        "dropped_headers",
        Type::List(&Type::Record(&[NAMED])),
        "the headers of the levels around it that are lost here, because it adds some of its own",
    ),
    field("add_headers", Type::List(&Type::Record(&[NAMED])), "the headers that it adds itself"),
    field(
        "lacks_headers",
        Type::List(&Type::Record(&[NAMED])),
        "the headers that other levels of its server send and this one does not, those that it drops aside",
    ),
    field(
        "hidden_headers",
        Type::List(&Type::Text),
        "the headers of the upstream that clients do not see, in lower case",
    ),
    field(
        "request_headers",
        Type::List(&Type::Record(&[NAMED])),
        "the request headers that the upstream is sent by `proxy_set_header`",
    ),
    field(
        "dropped_request_headers",
        Type::List(&Type::Record(&[NAMED])),
        "those of the levels around it that are lost here, because it sets some of its own",
    ),
    field("set_request_headers", Type::List(&Type::Record(&[NAMED])), "the request headers that it sets itself"),
    field("body_limit", Type::Int, "the largest body that a request may have, in bytes; 0 for any"),
    field("access", Type::Record(&[ACCESS]), "who is let in"),
    field(
        "upstream",
        Type::Record(&[UPSTREAM]),
        "to whom requests are handed on; where there is nobody, `on` is false",
    ),
    field("cache", Type::Record(&[CACHE]), "what is kept and for whom; where nothing is, `on` is false"),
    field("logs", Type::List(&Type::Text), "the access logs; none where it is switched off"),
    field("log_off", Type::Bool, "whether `access_log off` holds"),
    field("folder", Type::Text, "the document root, or the folder of `alias`; the empty text where none is written"),
    field("alias", Type::Bool, "whether that folder takes the place of the location's name"),
    field("own_folder", Type::Bool, "whether the folder is written on this very level"),
    field("runs_scripts", Type::Bool, "whether requests are handed to an interpreter of scripts: FastCGI and its like"),
    field("limited", Type::Bool, "whether `limit_req` or `limit_conn` holds"),
];

/// A name with a value.
static NAMED: &[Field] = &[
    field("name", Type::Text, "the name of the header, in lower case"),
    field("value", Type::Text, "its value as it is written"),
];

static RESPONSE_HEADER: &[Field] = &[
    field("always", Type::Bool, "whether it is sent whatever the status"),
    field(
        "conditional",
        Type::Bool,
        "whether it is only one of the values that a `map` gives, or there are requests without it",
    ),
    field(
        "ways",
        Type::List(&Type::Record(&[WAY])),
        "the ways to it: what `map`, `if` and `set` ask before it is sent, each for itself; one that asks nothing where nothing is asked",
    ),
];

static WAY: &[Field] = &[
    field(
        "by",
        Type::Text,
        "what must be found, as the line of a map says it: default, a value, or a pattern after `~`; `if` for a condition that is no comparison; the empty text where nothing is asked",
    ),
    field(
        "from",
        Type::Text,
        "the value in which that is to be found: $http_origin; a flag that `set` or `map` makes followed",
    ),
    field(
        "on",
        Type::List(&Type::Text),
        "the variables on which that depends, those that `map` and `set` make followed, without `$`",
    ),
];

static WRITTEN_HEADER: &[Field] = &[
    field("label", Type::Text, "the block in which it stands, as a reader would call it"),
    field("block", Type::Int, "the number of that block: headers with the same one are sent together"),
    field("in_force", Type::Bool, "whether some response has it"),
];

static ACCESS: &[Field] = &[
    field("rules", Type::Int, "how many `allow` and `deny` hold"),
    field("ends_open", Type::Bool, "whether a client that no rule names gets in"),
    field("closed", Type::Bool, "whether nobody gets in: the first rule is `deny all`"),
    field("allows", Type::List(&Type::Text), "whom `allow` names"),
    field("password", Type::Bool, "whether a password or another proof is asked for"),
    field("any", Type::Bool, "whether one of address and password is enough (`satisfy any`)"),
    field("restricted", Type::Bool, "whether some client is turned away by address or proof"),
    field("own", Type::Bool, "whether a rule or a proof is written on this very level"),
    field("returns_first", Type::Bool, "whether a `return` answers every request before anybody asks who it is"),
];

static UPSTREAM: &[Field] = &[
    field("on", Type::Bool, "whether there is one"),
    field("to", Type::Text, "as it is written"),
    field("scheme", Type::Text, "http, https, fastcgi, uwsgi, scgi, grpc, grpcs, memcached or redis"),
    field("tls", Type::Bool, "whether the connection to it is encrypted"),
    field("verified", Type::Bool, "whether its certificate is checked"),
    field("host_variables", Type::List(&Type::Text), "the variables in the part of the address that names the host"),
    field("request_buffered", Type::Bool, "whether the body is read before the upstream is asked"),
];

static CACHE: &[Field] = &[
    field("on", Type::Bool, "whether answers are kept"),
    field("zone", Type::Text, "the zone"),
    field("kind", Type::Text, "proxy, fastcgi, uwsgi or scgi"),
    field("key", Type::Text, "the key as it is written; the empty text where there is none"),
    field("key_written", Type::Bool, "whether a key is written"),
    field("key_variables", Type::List(&Type::Text), "the variables in the key, of the default key too, without `$`"),
    field("bypass", Type::List(&Type::Text), "the conditions on which nothing is looked up"),
    field("no_cache", Type::List(&Type::Text), "the conditions on which nothing is kept"),
    field(
        "bypass_only",
        Type::List(&Type::Text),
        "the conditions on which nothing is looked up, but the answer is kept",
    ),
    field(
        "asks_for",
        Type::List(&Type::Text),
        "what the conditions on which nothing is kept depend on, variables of a `map` or `set` followed: cookie, authorization, method, uri, args, or the variable",
    ),
    field("ignores", Type::List(&Type::Text), "the headers of the upstream that have no effect, in lower case"),
    field(
        "valid",
        Type::List(&Type::Record(&[VALID])),
        "for how long answers are kept of which the upstream says nothing",
    ),
    field("methods", Type::List(&Type::Text), "the methods whose answers are kept"),
    field("locks", Type::Bool, "whether requests for the same thing wait for the first"),
    field("hosts", Type::Int, "how many servers keep answers in this zone"),
];

static VALID: &[Field] =
    &[field("status", Type::Text, "the status, or any"), field("seconds", Type::Int, "for how long")];

static LOG_FORMAT: &[Field] = &[
    field("name", Type::Text, "its name"),
    field("text", Type::Text, "the format"),
    field("escape", Type::Text, "default, json or none"),
    field("variables", Type::List(&Type::Text), "the variables in it, without `$`"),
    field("used", Type::Bool, "whether some log has it"),
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
    field("path", Type::Text, "the folder of a cache, or the empty text"),
    field("used", Type::Bool, "whether anything uses it"),
    field("ruled", Type::Bool, "whether an example page of a rule of the project has to do with it"),
];
