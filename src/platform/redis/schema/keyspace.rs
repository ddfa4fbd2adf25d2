//! The facts about keys of a running server, which somebody asked for.

use super::field;
use crate::schema::{Field, Type};

pub(super) static KEYSPACE: &[Field] = &[
    field("pattern", Type::Text, "the pattern that was asked for"),
    field("seen", Type::Int, "how many keys were seen"),
    field("total", Type::Int, "how many database 0 has, whether they match or not; -1 where that is not told"),
    field("finished", Type::Bool, "whether all that match were seen"),
    field("prefixes_declared", Type::Bool, "whether `[redis] key_prefixes` says what keys begin with"),
    field("ttl_declared", Type::Bool, "whether it says of any that they expire"),
    field("prefixes", Type::List(&Type::Record(&[PREFIX])), "the keys that were seen, by what their names begin with"),
    field("secrets", Type::List(&Type::Record(&[LOOKS])), "what values that are texts look like"),
];

static PREFIX: &[Field] = &[
    field("name", Type::Text, "such as `session:*`; `***` stands for what is no word and may be a secret"),
    field("declared", Type::Bool, "whether the project declares it"),
    field("ttl_declared", Type::Bool, "whether it declares that these keys expire"),
    field("keys", Type::Int, "how many keys were seen"),
    field("without_ttl", Type::Int, "how many of them never expire, as far as that was told"),
];

static LOOKS: &[Field] = &[
    field(
        "kind",
        Type::Text,
        "private-key, aws-access-key, github-token, gitlab-token, slack-token, stripe-key, google-api-key, jwt, password-in-url or password-field",
    ),
    field("prefix", Type::Text, "what the names of the keys begin with"),
    field("values", Type::Int, "how many values look like it"),
];
