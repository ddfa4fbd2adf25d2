//! Random configurations that somebody could have written, and requests that find their way into them.

mod blocks;
mod requests;
mod settings;

use std::collections::BTreeSet;

use super::config::{Item, block, line};
use super::dice::Dice;
use super::observe::Ask;
use super::{lines, lines_broken};

/// What a configuration exercises. Each occurs in at least a tenth of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the directive or the kind of place that it is called after")]
pub enum Feature {
    Servers,
    DefaultServer,
    WildcardName,
    RegexName,
    Exact,
    NoRegex,
    Regex,
    Nested,
    Named,
    Include,
    IncludeGlob,
    If,
    IfInServer,
    Map,
    Geo,
    SplitClients,
    Set,
    ErrorPage,
    TryFiles,
    Index,
    Rewrite,
    Return,
    AddHeader,
    Always,
    Expires,
    Proxy,
    ProxyUri,
    ProxyVariable,
    SetHeader,
    HideHeader,
    PassHeader,
    CookieFlags,
    Cache,
    BodySize,
    LimitReq,
    Access,
    AuthBasic,
    Satisfy,
    AuthRequest,
    LimitExcept,
    Internal,
    AccessLog,
    Static,
    Alias,
    Writing,
    MergeSlashes,
    Redirects,
    Tokens,
    Broken,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 49] = {
        use Feature::*;
        [
            Servers,
            DefaultServer,
            WildcardName,
            RegexName,
            Exact,
            NoRegex,
            Regex,
            Nested,
            Named,
            Include,
            IncludeGlob,
            If,
            IfInServer,
            Map,
            Geo,
            SplitClients,
            Set,
            ErrorPage,
            TryFiles,
            Index,
            Rewrite,
            Return,
            AddHeader,
            Always,
            Expires,
            Proxy,
            ProxyUri,
            ProxyVariable,
            SetHeader,
            HideHeader,
            PassHeader,
            CookieFlags,
            Cache,
            BodySize,
            LimitReq,
            Access,
            AuthBasic,
            Satisfy,
            AuthRequest,
            LimitExcept,
            Internal,
            AccessLog,
            Static,
            Alias,
            Writing,
            MergeSlashes,
            Redirects,
            Tokens,
            Broken,
        ]
    };
}

/// A configuration and what is asked of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it exercises.
    pub features: BTreeSet<Feature>,
    /// The items of `http`.
    pub http: Vec<Item>,
    /// The requests.
    pub asks: Vec<Ask>,
}

/// What is being made.
#[derive(Debug)]
struct Maker {
    dice: Dice,
    /// What this configuration is to have.
    wanted: BTreeSet<Feature>,
    /// What it has.
    features: BTreeSet<Feature>,
    /// Variables that are defined for all servers.
    variables: Vec<String>,
    hosts: Vec<String>,
    targets: Vec<String>,
    limits: Vec<usize>,
    /// Whether the server being made has these.
    named: bool,
    permission: bool,
    /// Whether somebody listens on the second port.
    second: bool,
    count: usize,
}

/// The configuration of this number.
pub fn case(seed: usize, number: usize) -> Case {
    let mut dice = Dice::new(seed, number);
    let share = dice.between(22, 45);
    let mut wanted: BTreeSet<Feature> = Feature::ALL.into_iter().filter(|_| dice.chance(share)).collect();
    if !dice.chance(14) {
        wanted.remove(&Feature::Broken);
    } else {
        wanted.insert(Feature::Broken);
    }
    let mut maker = Maker {
        dice,
        wanted,
        features: BTreeSet::new(),
        variables: Vec::new(),
        hosts: Vec::new(),
        targets: Vec::new(),
        limits: Vec::new(),
        named: false,
        permission: false,
        second: false,
        count: 0,
    };
    let mut http = maker.http();
    if maker.wants(Feature::Broken) {
        maker.break_something(&mut http);
        maker.has(Feature::Broken);
    }
    if maker.wants(Feature::Writing) {
        maker.restyle(&mut http);
    }
    let asks = maker.requests();
    Case { features: maker.features, http, asks }
}

/// The files beside the configuration: what is served, and who may log in.
pub fn site() -> Vec<(String, String)> {
    let page = |path: &&str| ((*path).to_owned(), format!("<html>{path}</html>\n"));
    let users = ("users".to_owned(), "alice:{PLAIN}wonder\n".to_owned());
    lines::FILES.iter().map(page).chain([users]).collect()
}

impl Maker {
    fn wants(&self, feature: Feature) -> bool {
        self.wanted.contains(&feature)
    }

    /// Whether a feature that is wanted comes here.
    fn here(&mut self, feature: Feature, percent: usize) -> bool {
        self.wants(feature) && self.dice.chance(percent)
    }

    fn has(&mut self, feature: Feature) {
        self.features.insert(feature);
    }

    fn number(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    /// Puts something in that nginx refuses.
    fn break_something(&mut self, http: &mut Vec<Item>) {
        let kind = self.dice.below(10);
        let bad = match kind {
            0..=3 => self.dice.pick(&lines_broken::IN_LOCATION),
            4..=5 => self.dice.pick(&lines_broken::BLOCKS),
            6 => self.dice.pick(&lines_broken::IN_SERVER),
            7 => self.dice.pick(&lines_broken::IN_HTTP),
            8 => "}",
            _ => "location /open/ {",
        };
        let item = Item::Line(bad.to_owned());
        let head = match kind {
            0..=3 | 8 => Some("location"),
            4..=6 | 9 => Some("server"),
            _ => None,
        };
        let mut places = Vec::new();
        find(http, head, &mut Vec::new(), &mut places);
        if places.is_empty() {
            places.push(Vec::new());
        }
        let place = self.dice.pick_of(&places);
        let items = inside(http, &place);
        let at = self.dice.below(items.len() + 1);
        items.insert(at, item);
    }

    /// Writes some lines another way.
    fn restyle(&mut self, items: &mut [Item]) {
        for item in items {
            match item {
                Item::Line(text) if self.dice.chance(25) => {
                    *text = self.restyled(text);
                    self.has(Feature::Writing);
                }
                Item::Line(_) => {}
                Item::Block(_, items) => self.restyle(items),
                Item::Include(_, files) => files.iter_mut().for_each(|(_, items)| self.restyle(items)),
            }
        }
    }

    fn restyled(&mut self, text: &str) -> String {
        let Some((name, rest)) = text.split_once(' ').filter(|(name, _)| !name.starts_with(['"', '~'])) else {
            return text.to_owned();
        };
        let single = rest.strip_suffix(';').filter(|word| !word.contains(['"', '\'', ' ', '\\', '{', '\n']));
        match (self.dice.below(9), single) {
            (0, _) => format!("\"{name}\" {rest}"),
            (1, _) => format!("{name}\n        {rest}"),
            (2, _) => format!("{text} # server_tokens off;"),
            (3, _) => format!("# {text}\n{text}"),
            (4, Some(word)) => format!("{name} '{word}';"),
            (5, Some(word)) => format!("{name} \"{word}\" ;"),
            (6, Some(word)) => format!("{name}\t{word}\n;"),
            (7, _) => format!("{name}   {rest}\r"),
            _ => format!("'{name}'  {rest}"),
        }
    }
}

/// The places of all blocks whose head starts with this word, as indices.
fn find(items: &[Item], head: Option<&str>, at: &mut Vec<usize>, places: &mut Vec<Vec<usize>>) {
    for (number, item) in items.iter().enumerate() {
        if let Item::Block(name, inner) = item {
            at.push(number);
            if head.is_some_and(|head| name.split(' ').next() == Some(head)) {
                places.push(at.clone());
            }
            find(inner, head, at, places);
            at.pop();
        }
    }
}

fn inside<'a>(items: &'a mut Vec<Item>, place: &[usize]) -> &'a mut Vec<Item> {
    match place.split_first() {
        None => items,
        Some((first, rest)) => match &mut items[*first] {
            Item::Block(_, inner) => inside(inner, rest),
            _ => unreachable!("places are blocks"),
        },
    }
}
