//! What an inventory expects of a group.

use serde::Deserialize;

/// `[group.NAME.expect]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The name of the group.
    #[serde(skip)]
    pub name: String,
    /// What it is.
    pub kind: Option<Kind>,
    /// How many primaries it has.
    pub primaries: Option<u32>,
    /// How many replicas each primary has.
    pub replicas: Option<u32>,
    /// How many Sentinels watch it.
    pub sentinels: Option<u32>,
    /// How many Sentinels must agree that a primary is down.
    pub quorum: Option<u32>,
}

/// What a group can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Primaries and replicas that Sentinels watch.
    Sentinel,
    /// A cluster.
    Cluster,
    /// Primaries and replicas that nobody watches.
    Replication,
    /// Servers that know nothing of each other.
    Standalone,
}

impl Kind {
    /// The word used in facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Sentinel => "sentinel",
            Kind::Cluster => "cluster",
            Kind::Replication => "replication",
            Kind::Standalone => "standalone",
        }
    }
}

impl Expected {
    /// What is said, by name, in one order.
    pub fn said(&self) -> Vec<(&'static str, String)> {
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let all = [
            ("kind", self.kind.map(|kind| kind.as_str().to_owned())),
            ("primaries", number(self.primaries)),
            ("replicas", number(self.replicas)),
            ("sentinels", number(self.sentinels)),
            ("quorum", number(self.quorum)),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }
}
