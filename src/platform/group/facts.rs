//! The facts of a group.

use std::collections::BTreeMap;

use super::differ;
use super::gather::{Gathered, Node, Scene, Watch};
use super::member::{Member, Share};
use super::told::{MOST, Role, host};
use super::watcher::watchers;
use crate::fact::{Fact, Items, List, Name, Origin, Record, Unknown, Value, Why};
use crate::platform::redis::live::ask::Ask;
use crate::text::{SourceId, Sources, Span};

/// All facts of a group. Those without a place at a member have theirs in the text of the group.
pub fn facts(
    group: &Gathered,
    scene: &Scene,
    members: &[Member<'_>],
    (source, sources): (SourceId, &Sources),
) -> Record {
    let maker = Maker { group, scene, members, source, sources };
    let (primaries, replicas) = (maker.primaries(), maker.replicas());
    let (sentinels, up, quorum) = maker.sentinels();
    let (voters, most) = maker.voters(&up);
    Record::new([
        ("kind", maker.derived(group.kind)),
        ("members", maker.derived(members.iter().map(|member| maker.member(member)).collect::<Vec<_>>())),
        ("differences", maker.differences()),
        ("replicas", replicas),
        ("primaries", primaries),
        ("replica_count", maker.derived(maker.count(Role::Replica))),
        ("sentinels", sentinels),
        ("sentinels_up", up),
        ("quorum", quorum),
        ("voters", voters),
        ("voters_on_one_host", most),
        ("loopback", maker.derived(maker.nodes().all(|node| is_loopback(&node.host)))),
        ("watchers", watchers(members, group.kind, maker.head())),
        ("expectations", maker.expectations()),
    ])
}

struct Maker<'a> {
    group: &'a Gathered,
    scene: &'a Scene,
    members: &'a [Member<'a>],
    source: SourceId,
    sources: &'a Sources,
}

fn is_loopback(name: &str) -> bool {
    host(name).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A list that may go on.
pub(super) fn list(items: Vec<Fact>, rest: Option<Unknown>, at: Span) -> Fact {
    let value = Value::List(List { items: Items::Here(items.into()), rest });
    Fact::Known { value, origin: Origin::Derived(at.into()) }
}

/// A fact that is known, with its place, or why it is not.
fn told<T: Into<Value>>(told: Result<(T, Span), Unknown>) -> Fact {
    match told {
        Ok((value, at)) => Fact::derived(value, at),
        Err(unknown) => Fact::Unknown(unknown),
    }
}

impl Maker<'_> {
    /// The first line of the text, which names the group.
    fn head(&self) -> Span {
        self.sources.get(self.source).line_span(1)
    }

    fn derived(&self, value: impl Into<Value>) -> Fact {
        Fact::derived(value, self.head())
    }

    fn node(&self, member: &Member<'_>) -> &Node {
        &self.scene.nodes[member.node]
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.members.iter().map(|member| self.node(member))
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Member<'_>> {
        self.members.iter().filter(move |member| member.role == Some(role))
    }

    fn count(&self, role: Role) -> i64 {
        number(self.of(role).count())
    }

    fn member(&self, member: &Member<'_>) -> Fact {
        let node = self.node(member);
        let role = match member.role {
            Some(role) => Fact::derived(role.as_str(), member.at),
            None => Fact::Unknown(member.unknown("an `INFO` that says whether it is a primary or a replica")),
        };
        let announced = if node.announced { node.host.clone() } else { String::new() };
        let answered = matches!(member.share, Share::Answered { .. });
        let fields = [
            ("name", Fact::derived(member.place.to_owned(), member.at)),
            ("role", role),
            ("answered", Fact::derived(answered, member.at)),
            ("announced", Fact::derived(announced, member.at)),
            ("version", told(member.version())),
            ("asks_login", told(member.asks_login())),
        ];
        Fact::record(fields, member.at)
    }

    /// Why there may be members of whom nobody tells, where all were to be asked.
    fn unsure(&self) -> Option<Unknown> {
        if self.group.cut {
            let needs = format!("a group of at most {MOST} members: one of these tells of more");
            return Some(Unknown::new(Why::NotSupported, self.head(), needs));
        }
        if !self.group.complete {
            return None;
        }
        let answered = || self.members.iter().filter(|member| matches!(member.share, Share::Answered { .. }));
        match self.group.kind {
            // One node knows all the others.
            "cluster" => {
                let refused: Vec<Option<Unknown>> =
                    answered().map(|member| member.refused(Ask::ClusterNodes)).collect();
                refused.iter().all(Option::is_some).then(|| refused.into_iter().flatten().next()).flatten()
            }
            "sentinel" => {
                let sentinels = || answered().filter(|member| member.role == Some(Role::Sentinel));
                sentinels().find_map(|member| member.refused(Ask::Masters)).or_else(|| {
                    let find = |watch: &Watch| {
                        let lists = [watch.monitor.replicas.as_ref().err(), watch.monitor.sentinels.as_ref().err()];
                        let needs = lists.into_iter().flatten().next()?;
                        let teller = sentinels().find(|member| member.node == watch.sentinel)?;
                        Some(teller.unknown(needs.as_str()))
                    };
                    self.group.watches.iter().find_map(find)
                })
            }
            _ => None,
        }
    }

    fn differences(&self) -> Fact {
        let (all, at, unsure) = (self.members, self.head(), self.unsure());
        let fields: [(Name, Fact); 7] = [
            ("versions", differ::versions(all).fact(at, unsure.as_ref())),
            ("users", differ::users(all).fact(at, unsure.as_ref())),
            ("passwords", differ::passwords(all).fact(at, unsure.as_ref())),
            ("settings", differ::settings(all).fact(at, unsure.as_ref())),
            ("listeners", differ::listeners(all).fact(at, unsure.as_ref())),
            ("logins", differ::logins(all).fact(at, unsure.as_ref())),
            ("monitors", differ::monitors(all, &self.group.watches).fact(at, unsure.as_ref())),
        ];
        Fact::record(fields, at)
    }

    /// The primary of a replica, also where others are between them.
    fn primary_of(&self, replica: &Member<'_>) -> Option<&Member<'_>> {
        let mut node = self.node(replica).primary?;
        // As many steps as there are members: they may follow each other in a circle.
        for _ in self.members {
            let member = self.members.iter().find(|member| member.node == node)?;
            if member.role != Some(Role::Replica) {
                return Some(member);
            }
            node = self.node(member).primary?;
        }
        None
    }

    fn replicas(&self) -> Fact {
        let record = |replica: &Member<'_>| {
            if matches!(replica.share, Share::NotAsked) {
                return None;
            }
            let primary = self.primary_of(replica);
            if primary.is_some_and(|primary| matches!(primary.share, Share::NotAsked)) {
                return None;
            }
            let (name, asks) = match primary {
                Some(primary) => (Fact::derived(primary.place.to_owned(), primary.at), told(primary.asks_login())),
                None => {
                    let unknown = replica.unknown("an answer of the primary, which nobody names");
                    (Fact::Unknown(unknown.clone()), Fact::Unknown(unknown))
                }
            };
            let fields = [
                ("name", Fact::derived(replica.place.to_owned(), replica.at)),
                ("primary", name),
                ("asks_login", told(replica.asks_login())),
                ("primary_asks_login", asks),
            ];
            Some(Fact::record(fields, replica.at))
        };
        list(self.of(Role::Replica).filter_map(record).collect(), None, self.head())
    }

    /// How many replicas follow a primary; without those that others say are down and that do not answer.
    fn followers(&self, primary: &Member<'_>) -> usize {
        let here = |replica: &&Member<'_>| {
            let well = self.node(replica).up || matches!(replica.share, Share::Answered { .. });
            well && self.primary_of(replica).is_some_and(|its| its.node == primary.node)
        };
        self.of(Role::Replica).filter(here).count()
    }

    fn primaries(&self) -> Fact {
        let record = |primary: &Member<'_>| {
            // What replicas it has, it says itself, as do a Sentinel and the nodes of a cluster.
            let known = matches!(primary.share, Share::Answered { .. }) || self.group.kind != "replication";
            let replicas = match known {
                true => Fact::derived(number(self.followers(primary)), primary.at),
                false => Fact::Unknown(primary.unknown("an answer of the primary")),
            };
            Fact::record(
                [("name", Fact::derived(primary.place.to_owned(), primary.at)), ("replicas", replicas)],
                primary.at,
            )
        };
        list(self.of(Role::Primary).map(record).collect(), None, self.head())
    }

    /// How many Sentinels there are, how many of them are well, and what the highest quorum is.
    fn sentinels(&self) -> (Fact, Fact, Fact) {
        if self.group.kind != "sentinel" {
            return (self.derived(0), self.derived(0), self.derived(0));
        }
        let all = self.of(Role::Sentinel);
        let refused = all.filter_map(|member| member.refused(Ask::Masters)).next();
        let watches = &self.group.watches;
        let quorums = watches.iter().filter_map(|watch| {
            let (_, quorum) = watch.monitor.settings.iter().find(|(name, _)| *name == "quorum")?;
            quorum.parse::<i64>().ok()
        });
        let Some(quorum) = quorums.max() else {
            let at = self.head();
            let unknown = refused.unwrap_or_else(|| {
                Unknown::new(Why::NotPermitted, at, format!("`{}` of a Sentinel", Ask::Masters.permission()))
            });
            let fact = Fact::Unknown(unknown);
            return (fact.clone(), fact.clone(), fact);
        };
        let there = self.count(Role::Sentinel);
        let known = watches.iter().map(|watch| watch.monitor.others + 1).max().unwrap_or(0);
        let well = |member: &&Member<'_>| self.node(member).up || matches!(member.share, Share::Answered { .. });
        let up = number(self.of(Role::Sentinel).filter(well).count());
        let silent = watches.iter().find_map(|watch| watch.monitor.sentinels.as_ref().err());
        let up = match silent {
            // It says how many others there are, and not who.
            Some(needs) if known > there => Fact::unknown(Why::NotPermitted, self.head(), needs.clone()),
            _ => self.derived(up),
        };
        (self.derived(there.max(known)), up, self.derived(quorum))
    }

    /// How many decide on a failover, and how many of them are on the host that has most. `up` is not known where it
    /// is not known who the Sentinels are.
    fn voters(&self, up: &Fact) -> (Fact, Fact) {
        let unknown = match up {
            Fact::Unknown(unknown) => Some(unknown.clone()),
            Fact::Known { .. } => self.unsure().filter(|_| self.group.kind == "cluster"),
        };
        if let Some(unknown) = unknown {
            return (Fact::Unknown(unknown.clone()), Fact::Unknown(unknown));
        }
        let votes = |node: &&Node| match self.group.kind {
            "sentinel" => node.role == Some(Role::Sentinel),
            "cluster" => node.role == Some(Role::Primary) && node.slots,
            _ => false,
        };
        let mut hosts: BTreeMap<&str, i64> = BTreeMap::new();
        self.nodes().filter(votes).for_each(|node| *hosts.entry(&node.host).or_default() += 1);
        (self.derived(hosts.values().sum::<i64>()), self.derived(hosts.values().max().copied().unwrap_or(0)))
    }

    fn expectations(&self) -> Fact {
        let Some(expected) = &self.group.expected else { return list(Vec::new(), None, self.head()) };
        let first = self.sources.get(self.source).line_count() + 1 - expected.said().len();
        let item = |(number, (what, expected)): (usize, (&'static str, String))| {
            let at = self.sources.get(self.source).line_span(first + number);
            let found = match self.found(what) {
                Ok(found) => Fact::derived(found, at),
                Err(unknown) => Fact::Unknown(unknown),
            };
            let fields =
                [("what", Fact::derived(what, at)), ("expected", Fact::derived(expected, at)), ("found", found)];
            Fact::record(fields, at)
        };
        list(expected.said().into_iter().enumerate().map(item).collect(), None, self.head())
    }

    /// What there is of something that is expected.
    fn found(&self, what: &str) -> Result<String, Unknown> {
        // Of whoever says nothing, and of whom nobody tells, not even that is known.
        let nobody = self.members.iter().find(|member| member.role.is_none());
        if let Some(member) = nobody.filter(|_| what != "quorum" && what != "sentinels") {
            return Err(member.unknown("an `INFO` that says whether it is a primary or a replica"));
        }
        let mut texts: Vec<String> = match what {
            "kind" => vec![self.group.kind.to_owned()],
            "primaries" => vec![self.count(Role::Primary).to_string()],
            "replicas" => self.of(Role::Primary).map(|primary| self.followers(primary).to_string()).collect(),
            "sentinels" | "quorum" => {
                let (there, _, quorum) = self.sentinels();
                match if what == "quorum" { quorum } else { there } {
                    Fact::Unknown(unknown) => return Err(unknown),
                    Fact::Known { .. } if what == "quorum" => self.quorums(),
                    Fact::Known { value: Value::Int(count), .. } => vec![count.to_string()],
                    Fact::Known { .. } => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        texts.sort();
        texts.dedup();
        Ok(if texts.is_empty() { "none".to_owned() } else { texts.join(", ") })
    }

    fn quorums(&self) -> Vec<String> {
        let settings = self.group.watches.iter().flat_map(|watch| &watch.monitor.settings);
        settings.filter(|(name, _)| *name == "quorum").map(|(_, value)| value.clone()).collect()
    }
}
