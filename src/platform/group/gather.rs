//! Which servers belong together, by what they say of each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::expect::Expected;
use super::told::{MOST, Monitor, Role, Seen, Told, Whereabouts, host, told};
use crate::platform::redis::live::Heard;
use crate::platform::redis::live::target::Promised;

/// A server that is asked, or only told of.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its number among those that were asked; of one that was asked twice the first.
    pub heard: Option<usize>,
    /// What a person would call it.
    pub place: String,
    /// Where it is, as others tell it, or as it was asked.
    pub host: String,
    /// Whether others tell where it is.
    pub announced: bool,
    /// What it does, if that is known.
    pub role: Option<Role>,
    /// Whom it follows.
    pub primary: Option<usize>,
    /// Whether nobody says that it is down.
    pub up: bool,
    /// Whether slots of a cluster are its own.
    pub slots: bool,
}

/// How one Sentinel watches a master.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The Sentinel.
    pub sentinel: usize,
    /// The master.
    pub primary: usize,
    /// What it tells of it.
    pub monitor: Monitor,
}

/// Servers that belong together.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// `sentinel`, `cluster`, `replication` or `standalone`.
    pub kind: &'static str,
    /// What a person would call it.
    pub name: String,
    /// The numbers of its nodes: primaries, replicas, Sentinels, those that may be either.
    pub members: Vec<usize>,
    /// How it is watched.
    pub watches: Vec<Watch>,
    /// What the inventory expects of it.
    pub expected: Option<Arc<Expected>>,
    /// Whether everybody that it is told of was to be asked.
    pub complete: bool,
    /// Whether some of those that it is told of were left out, being too many.
    pub cut: bool,
}

/// All nodes, and the groups that they make.
#[derive(Debug, Default)]
pub struct Scene {
    /// Those that were asked, and those that were told of.
    pub nodes: Vec<Node>,
    /// The groups.
    pub groups: Vec<Gathered>,
    told: Vec<Told>,
    by_id: HashMap<String, usize>,
    by_place: HashMap<Whereabouts, usize>,
    /// The number of another node of the same group, or its own.
    up: Vec<usize>,
    /// How many nodes each one was the first to tell of.
    made: HashMap<usize, usize>,
    /// Who tells of more than are taken.
    cut: BTreeSet<usize>,
    watches: Vec<Watch>,
    /// The Sentinels that are told to watch a primary.
    watchers: BTreeSet<(usize, usize)>,
}

/// Finds the groups.
pub fn gather(heard: &[Heard]) -> Scene {
    let mut scene = Scene { told: heard.iter().map(told).collect(), ..Scene::default() };
    let told = std::mem::take(&mut scene.told);
    let numbers: Vec<usize> =
        heard.iter().zip(&told).enumerate().map(|(number, (heard, told))| scene.asked(number, heard, told)).collect();
    for (node, told) in numbers.iter().zip(&told) {
        scene.servers(*node, told);
    }
    for (node, told) in numbers.iter().zip(&told) {
        scene.watched(*node, told);
    }
    scene.told = told;
    scene.groups = scene.found(heard, &numbers);
    scene
}

impl Scene {
    fn node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.up.push(self.up.len());
        self.nodes.len() - 1
    }

    /// The node of a server that was asked.
    fn asked(&mut self, number: usize, heard: &Heard, told: &Told) -> usize {
        let known = told.ids.iter().find_map(|id| self.by_id.get(id)).copied();
        let node = known.unwrap_or_else(|| {
            let host = told.own.first().map(|(host, _)| host.clone()).unwrap_or_default();
            let (place, role) = (heard.target.place(), told.role);
            let up = true;
            self.node(Node {
                heard: Some(number),
                place,
                host,
                announced: false,
                role,
                primary: None,
                up,
                slots: false,
            })
        });
        for id in &told.ids {
            self.by_id.entry(id.clone()).or_insert(node);
        }
        for own in &told.own {
            self.by_place.entry(own.clone()).or_insert(node);
        }
        node
    }

    /// The node that another tells of; none where that tells of too many. Loopback is the host of whoever says it.
    fn seen(&mut self, teller: usize, seen: &Seen) -> Option<usize> {
        let here = self.nodes[teller].host.clone();
        let is_here = seen.at.0 == host("localhost");
        let at = if is_here && !here.is_empty() { (here, seen.at.1) } else { seen.at.clone() };
        let by_id = seen.id.as_ref().and_then(|id| self.by_id.get(id));
        let node = match by_id.or_else(|| self.by_place.get(&at)).copied() {
            Some(node) => node,
            None => self.add(teller, seen.role, &at)?,
        };
        if let Some(id) = &seen.id {
            self.by_id.entry(id.clone()).or_insert(node);
        }
        self.by_place.entry(at.clone()).or_insert(node);
        let it = &mut self.nodes[node];
        it.role = it.role.or(Some(seen.role));
        it.up &= seen.up;
        if !it.announced {
            (it.host, it.announced) = (at.0, true);
        }
        Some(node)
    }

    /// A node that nobody was asked for.
    fn add(&mut self, teller: usize, role: Role, at: &Whereabouts) -> Option<usize> {
        let made = self.made.entry(teller).or_default();
        if *made >= MOST {
            self.cut.insert(teller);
            return None;
        }
        *made += 1;
        let place = if at.0.contains(':') { format!("[{}]:{}", at.0, at.1) } else { format!("{}:{}", at.0, at.1) };
        Some(self.node(Node {
            heard: None,
            place,
            host: String::new(),
            announced: false,
            role: Some(role),
            primary: None,
            up: true,
            slots: false,
        }))
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.up[node] != node {
            self.up[node] = self.up[self.up[node]];
            node = self.up[node];
        }
        node
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        let (first, second) = (one.min(other), one.max(other));
        self.up[second] = first;
    }

    /// What a server tells of replication and of its cluster.
    fn servers(&mut self, node: usize, told: &Told) {
        if let Some(primary) = &told.primary {
            // A name that nobody was asked by may lead to one who was: both have the same data.
            let same = told.data.as_ref().and_then(|data| self.by_id.get(data)).copied();
            let primary = match same.filter(|_| !self.by_place.contains_key(&primary.at)) {
                Some(same) => Some(same),
                None => self.seen(node, primary),
            };
            // Whom a server follows, it knows itself.
            self.nodes[node].primary = primary;
            primary.into_iter().for_each(|primary| self.join(node, primary));
        }
        for replica in &told.replicas {
            let Some(replica) = self.seen(node, replica) else { break };
            self.nodes[replica].primary.get_or_insert(node);
            self.join(node, replica);
        }
        let nodes = told.nodes.as_deref().unwrap_or_default();
        // The primaries may come behind their replicas.
        let seen: Vec<Option<usize>> = nodes.iter().map(|other| self.seen(node, &other.seen)).collect();
        for (number, other) in seen.into_iter().zip(nodes) {
            let Some(number) = number else { continue };
            self.nodes[number].slots |= other.slots;
            let primary = other.primary.as_ref().and_then(|id| self.by_id.get(id)).copied();
            if self.nodes[number].primary.is_none() {
                self.nodes[number].primary = primary.filter(|primary| *primary != number);
            }
            self.join(node, number);
        }
    }

    /// What a Sentinel tells of the masters that it watches.
    fn watched(&mut self, node: usize, told: &Told) {
        let Some(Ok(monitors)) = &told.monitors else { return };
        for monitor in monitors {
            let Some(primary) = self.seen(node, &monitor.primary) else { break };
            for replica in monitor.replicas.iter().flatten() {
                let Some(replica) = self.seen(node, replica) else { break };
                self.nodes[replica].primary.get_or_insert(primary);
                self.join(primary, replica);
            }
            for sentinel in monitor.sentinels.iter().flatten() {
                let Some(sentinel) = self.seen(node, sentinel) else { break };
                self.watchers.insert((primary, sentinel));
            }
            self.watchers.insert((primary, node));
            let known = self
                .watches
                .iter()
                .any(|watch| watch.sentinel == node && watch.primary == primary && watch.monitor.name == monitor.name);
            if !known {
                self.watches.push(Watch { sentinel: node, primary, monitor: monitor.clone() });
            }
        }
    }

    /// Everybody of a group that the inventory expects something of belongs together.
    fn expected(&mut self, heard: &[Heard], numbers: &[usize]) -> BTreeMap<usize, (Arc<Expected>, BTreeSet<usize>)> {
        let mut by_name: BTreeMap<&str, (&Arc<Expected>, BTreeSet<usize>)> = BTreeMap::new();
        for (heard, node) in heard.iter().zip(numbers) {
            if let Some(expected) = &heard.expected {
                by_name.entry(&expected.name).or_insert((expected, BTreeSet::new())).1.insert(*node);
            }
        }
        let mut all = BTreeMap::new();
        for (expected, nodes) in by_name.into_values() {
            let (sentinels, servers): (BTreeSet<usize>, BTreeSet<usize>) =
                nodes.into_iter().partition(|node| self.nodes[*node].role == Some(Role::Sentinel));
            let watched = self.watches.iter().filter(|watch| sentinels.contains(&watch.sentinel));
            let anchors: Vec<usize> = servers.iter().copied().chain(watched.map(|watch| watch.primary)).collect();
            let Some(first) = anchors.first().or(sentinels.first()).copied() else { continue };
            anchors.iter().for_each(|other| self.join(first, *other));
            all.insert(first, (Arc::clone(expected), sentinels));
        }
        // The first of each may since have come to another's group.
        all.into_iter().map(|(first, expected)| (self.root(first), expected)).collect()
    }

    fn found(&mut self, heard: &[Heard], numbers: &[usize]) -> Vec<Gathered> {
        let mut expected = self.expected(heard, numbers);
        let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for node in 0..self.nodes.len() {
            if self.nodes[node].role != Some(Role::Sentinel) {
                members.entry(self.root(node)).or_default().insert(node);
            }
        }
        for (primary, sentinel) in self.watchers.clone() {
            members.entry(self.root(primary)).or_default().insert(sentinel);
        }
        // One that may not say what it watches stands for a group of which nothing is known.
        let silent = |told: &Told| matches!(told.monitors, Some(Err(_)));
        let watch: BTreeSet<usize> = self.watchers.iter().map(|(_, sentinel)| *sentinel).collect();
        let alone = |number: &usize| !watch.contains(number);
        let told = numbers.iter().zip(&self.told).filter(|(_, told)| silent(told)).map(|(number, _)| *number);
        for number in told.filter(alone).collect::<Vec<_>>() {
            members.entry(self.root(number)).or_default().insert(number);
        }
        for (root, (_, sentinels)) in &expected {
            members.entry(*root).or_default().extend(sentinels);
        }
        let promised = heard.iter().zip(numbers).filter(|(heard, _)| heard.target.promised != Promised::Server);
        let promised: BTreeSet<usize> = promised.map(|(_, node)| *node).collect();
        let mut groups = Vec::new();
        for (root, nodes) in members {
            let expected = expected.remove(&root).map(|(expected, _)| expected);
            let complete = nodes.iter().any(|node| promised.contains(node));
            let count = nodes.iter().filter(|node| self.nodes[**node].heard.is_some()).count();
            let kind = self.kind(&nodes);
            if expected.is_none() && (kind == "standalone" || count < 2 && !complete) {
                continue;
            }
            let watches = self.watches.iter().filter(|watch| nodes.contains(&watch.primary));
            let watches: Vec<Watch> = watches.cloned().collect();
            let name = self.name(kind, &nodes, &watches, expected.as_deref());
            let cut = nodes.iter().any(|node| self.cut.contains(node));
            let mut members: Vec<usize> = nodes.into_iter().collect();
            members.sort_by_key(|node| {
                let node = &self.nodes[*node];
                (node.role.is_none(), node.role, node.place.clone())
            });
            groups.push(Gathered { kind, name, members, watches, expected, complete, cut });
        }
        groups
    }

    fn kind(&self, nodes: &BTreeSet<usize>) -> &'static str {
        let some = |is: &dyn Fn(&Node) -> bool| nodes.iter().any(|node| is(&self.nodes[*node]));
        let cluster =
            |node: &Node| node.heard.and_then(|number| self.told.get(number)).is_some_and(|told| told.nodes.is_some());
        match () {
            () if some(&|node| node.role == Some(Role::Sentinel)) => "sentinel",
            () if some(&cluster) => "cluster",
            () if some(&|node| node.role == Some(Role::Replica)) => "replication",
            () => "standalone",
        }
    }

    fn name(&self, kind: &str, nodes: &BTreeSet<usize>, watches: &[Watch], expected: Option<&Expected>) -> String {
        if let Some(expected) = expected {
            return expected.name.clone();
        }
        // The one that most call it by.
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        watches.iter().for_each(|watch| *names.entry(&watch.monitor.name).or_default() += 1);
        let most = names.values().max().copied();
        if let Some((name, _)) = names.iter().find(|(_, count)| Some(**count) == most) {
            return (*name).to_owned();
        }
        let asked = nodes.iter().map(|node| &self.nodes[*node]).filter(|node| node.heard.is_some());
        let primary = asked.clone().filter(|node| node.role == Some(Role::Primary)).map(|node| &node.place).min();
        let place = match kind {
            "cluster" => asked.map(|node| &node.place).min(),
            _ => primary.or_else(|| asked.map(|node| &node.place).min()),
        };
        format!("{kind} of {}", place.map_or("", String::as_str))
    }
}
