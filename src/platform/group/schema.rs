//! The facts of a group. Nothing here judges: which of the differences matter, checks say.

use crate::schema::{Field, Root, Type};

const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { name, ty, doc }
}

pub(super) static SCHEMA: Root = Root { name: super::NAME, fields: &[GROUP] };

static GROUP: &[Field] = &[
    field("kind", Type::Text, "sentinel, cluster, replication, or standalone where an inventory makes it a group"),
    field("members", Type::List(&Type::Record(&[MEMBER])), "who belongs to it"),
    field("differences", Type::Record(&[DIFFERENCES]), "in what members of one kind are not alike"),
    field("replicas", Type::List(&Type::Record(&[REPLICA])), "each replica beside its primary"),
    field("primaries", Type::List(&Type::Record(&[PRIMARY])), "each primary with how many follow it"),
    field("replica_count", Type::Int, "how many replicas there are"),
    field("sentinels", Type::Int, "how many Sentinels watch it, those that are down included"),
    field("sentinels_up", Type::Int, "how many of them nobody says are down"),
    field(
        "quorum",
        Type::Int,
        "how many must agree that a primary is down; the highest where they differ, 0 without Sentinels",
    ),
    field("voters", Type::Int, "how many decide on a failover: Sentinels, or the primaries of a cluster"),
    field("voters_on_one_host", Type::Int, "how many of them one host takes with it at most"),
    field("loopback", Type::Bool, "whether all of it is on one host, which reaches it by loopback"),
    field("watchers", Type::List(&Type::Record(&[WATCHER])), "as whom Sentinels are logged in at its servers"),
    field("expectations", Type::List(&Type::Record(&[EXPECTATION])), "what the inventory says it is made of"),
];

static MEMBER: &[Field] = &[
    field("name", Type::Text, "where it is"),
    field("role", Type::Text, "primary, replica or sentinel"),
    field("answered", Type::Bool, "whether it answered the audit"),
    field("announced", Type::Text, "the host by which others know it, or the empty text"),
    field("version", Type::Text, "the version that it says it is, `product:version`"),
    field("asks_login", Type::Bool, "whether a client that has not logged in is kept from its commands"),
];

static DIFFERENCES: &[Field] = &[
    field("versions", Type::List(&Type::Record(&[DIFFERENCE])), "of the product and its release"),
    field("users", Type::List(&Type::Record(&[DIFFERENCE])), "of users and what they may do, one item for each user"),
    field("passwords", Type::List(&Type::Record(&[DIFFERENCE])), "of passwords by hash, one item for each owner"),
    field("settings", Type::List(&Type::Record(&[DIFFERENCE])), "of the values of CONFIG GET, secrets left out"),
    field("listeners", Type::List(&Type::Record(&[DIFFERENCE])), "of whether clients speak TLS, plain, or either"),
    field(
        "logins",
        Type::List(&Type::Record(&[DIFFERENCE])),
        "among primaries, and among Sentinels: who asks for a login",
    ),
    field(
        "monitors",
        Type::List(&Type::Record(&[DIFFERENCE])),
        "of how Sentinels watch one master: `name` and settings",
    ),
];

static DIFFERENCE: &[Field] = &[
    field("what", Type::Text, "what it is about: the name of a setting or user"),
    field("among", Type::Text, "servers or sentinels"),
    field("odd", Type::List(&Type::Text), "the members that are not like most"),
    field("words", Type::Text, "what is different with them"),
];

static REPLICA: &[Field] = &[
    field("name", Type::Text, "where it is"),
    field("primary", Type::Text, "where its primary is"),
    field("asks_login", Type::Bool, "whether it keeps clients that have not logged in from its commands"),
    field("primary_asks_login", Type::Bool, "whether its primary does"),
];

static PRIMARY: &[Field] = &[
    field("name", Type::Text, "where it is"),
    field("replicas", Type::Int, "how many replicas follow it that nobody says are down"),
];

static WATCHER: &[Field] = &[
    field("server", Type::Text, "where it is logged in"),
    field("user", Type::Text, "the user's name"),
    field("commands", Type::Commands, "what the user may run, asked with `can(watcher, \"slaveof\")`"),
    field("all_commands", Type::Bool, "whether some selector has every command"),
    field("all_keys", Type::Bool, "whether some selector with a command reaches every key"),
    field("hello", Type::Bool, "whether it reaches the channel on which Sentinels find each other"),
];

static EXPECTATION: &[Field] = &[
    field("what", Type::Text, "kind, primaries, replicas (of each primary), sentinels or quorum"),
    field("expected", Type::Text, "what the inventory says"),
    field("found", Type::Text, "what there is"),
];
