//! The facts of the levels of servers.

use super::field;
use crate::header;
use crate::schema::{Field, Type};

pub static SCOPE: &[Field] = &[
    field("label", Type::Text, "as a reader would call it: location /api/"),
    field("kind", Type::Text, "server, location, if or limit_except"),
    field("server", Type::Text, "the label of its server"),
    field("site", Type::Text, "the first name of its server: servers for one site on several ports have one"),
    field("name", Type::Text, "the path, expression or name of the location, or the empty text"),
    field("within", Type::Text, "the label of the location that it stands in, or the empty text"),
    field(
        "commands",
        Type::Commands,
        "what a stranger gets in the folder that the location speaks of, asked like those of its server with a path below that folder: `can(scope, \"run /x.php\")`; nothing where it speaks of none",
    ),
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
        Type::List(&Type::Record(&[RESPONSE_HEADER, SENT_HEADER, header::HEADER])),
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
    field("own_limit", Type::Bool, "whether `limit_req` or `limit_conn` is written on this very level"),
    field("limited", Type::Bool, "whether `limit_req` or `limit_conn` holds"),
];

/// A name with a value.
static NAMED: &[Field] = &[
    field("name", Type::Text, "the name of the header, in lower case"),
    field("value", Type::Text, "its value as it is written"),
];

pub static RESPONSE_HEADER: &[Field] = &[
    field("always", Type::Bool, "whether it is sent whatever the status"),
    field("line", Type::Text, "its value as `add_header` has it, where that is written"),
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

pub static WAY: &[Field] = &[
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

static SENT_HEADER: &[Field] = &[field(
    "again",
    Type::Bool,
    "whether a header before it on this level has the same name and another value, both without variables",
)];

pub static WRITTEN_HEADER: &[Field] = &[
    field("label", Type::Text, "the block in which it stands, as a reader would call it"),
    field("block", Type::Int, "the number of that block: headers with the same one are sent together"),
    field("in_force", Type::Bool, "whether some response has it"),
];

static ACCESS: &[Field] = &[
    field("rules", Type::Int, "how many `allow` and `deny` hold"),
    field("ends_open", Type::Bool, "whether a client that no rule names gets in"),
    field("closed", Type::Bool, "whether nobody gets in: the first rule is `deny all`"),
    field("allows", Type::List(&Type::Text), "whom `allow` names"),
    field(
        "dead",
        Type::List(&Type::Record(&[DEAD_RULE])),
        "the rules that decide for nobody, because an earlier one names everybody that they name",
    ),
    field("password", Type::Bool, "whether a password or another proof is asked for"),
    field("any", Type::Bool, "whether one of address and password is enough (`satisfy any`)"),
    field("restricted", Type::Bool, "whether some client is turned away by address or proof"),
    field("own", Type::Bool, "whether a rule or a proof is written on this very level"),
    field("returns_first", Type::Bool, "whether a `return` answers every request before anybody asks who it is"),
];

static DEAD_RULE: &[Field] = &[
    field("rule", Type::Text, "allow or deny"),
    field("text", Type::Text, "the rule as it is written"),
    field("decided", Type::Text, "what the earlier one says: allow or deny"),
    field("by", Type::Text, "the earlier one as it is written"),
];

static UPSTREAM: &[Field] = &[
    field("on", Type::Bool, "whether there is one"),
    field("to", Type::Text, "as it is written"),
    field("addresses", Type::List(&Type::Text), "the servers of the `upstream` that it names, or itself"),
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
    field(
        "lost",
        Type::List(&Type::Record(&[LOST_CONDITION])),
        "conditions further out that lines of the same name put out of force here, and that depend on something these do not",
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

static LOST_CONDITION: &[Field] = &[
    field("directive", Type::Text, "the directive: proxy_no_cache, proxy_cache_bypass and their like"),
    field("own", Type::Bool, "whether the lines that do so stand on this very level"),
    field("conditions", Type::List(&Type::Text), "the conditions that are lost"),
];

static VALID: &[Field] =
    &[field("status", Type::Text, "the status, or any"), field("seconds", Type::Int, "for how long")];
