//! Who is let in on a level.

use std::net::IpAddr;

use super::Maker;
use crate::fact::{Fact, Unknown, Why};
use crate::platform::nginx::condition::Condition;
use crate::platform::nginx::refuse::address::network;
use crate::platform::nginx::scope::{Kind, LevelId};
use crate::platform::nginx::tree::Directive;

/// Directives that ask for a proof of who the client is.
const PROOFS: [&str; 9] = [
    "auth_basic",
    "auth_request",
    "auth_jwt",
    "auth_ldap",
    "auth_pam",
    "auth_digest",
    "auth_oidc",
    "access_by_lua_block",
    "access_by_lua_file",
];

/// How the names of variables begin that say who a client is.
const CLIENT: [&str; 12] = [
    "remote_addr",
    "binary_remote_addr",
    "realip_remote_addr",
    "proxy_protocol_addr",
    "remote_user",
    "ssl_client_",
    "geoip_",
    "geoip2_",
    "http_authorization",
    "http_x_",
    "cookie_",
    "arg_",
];

/// The rules of addresses on a level, and what may be beside them.
struct Rules<'a> {
    all: Vec<&'a Directive>,
    /// Why there may be more, or one is not as it is written.
    doubt: Option<Unknown>,
}

impl Rules<'_> {
    /// Where the rule of this name for all clients is. Strangers come by IPv4 at least.
    fn of_all(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|rule| *rule.name == *name && is_everybody(rule.arg(0)))
    }

    /// Why more may be known of what comes before a rule, or after the last for `None`: what stands behind it in the
    /// same file comes too late.
    fn doubt_before(&self, rule: Option<usize>) -> Option<&Unknown> {
        let end = rule.and_then(|rule| self.all.get(rule)).map(|rule| rule.span);
        self.doubt.as_ref().filter(|unknown| match end {
            Some(end) => unknown.at.source != end.source || unknown.at.start < end.start,
            None => true,
        })
    }

    /// Whether a stranger is turned away by his address: the first rule for everybody says so. Where there is none, whoever
    /// is in no rule gets in.
    fn turns_away(&self) -> bool {
        let deny = self.of_all("deny");
        deny.is_some_and(|deny| self.of_all("allow").is_none_or(|allow| deny < allow))
    }
}

/// Whether an address of `allow` or `deny` stands for everybody.
fn is_everybody(address: &str) -> bool {
    matches!(address, "all" | "0.0.0.0/0")
}

/// The rules that decide for nobody: an earlier one of the same level stands for everybody that they name.
fn dead(rules: &Rules<'_>) -> Vec<Fact> {
    let shadowed = |(number, rule): (usize, &&Directive)| {
        let before = rules.all[..number].iter().find(|before| covers(before.arg(0), rule.arg(0)))?;
        let at = rule.text();
        let words = |rule: &Directive| format!("{} {}", &*rule.name, rule.arg(0));
        let text = |text: String, at| match rule.unfilled().or_else(|| before.unfilled()) {
            Some(unknown) => Fact::Unknown(unknown),
            None => Fact::derived(text, at),
        };
        let fields = [
            ("rule", text(rule.name.to_string(), at)),
            ("text", text(words(rule), at)),
            ("decided", text(before.name.to_string(), before.text())),
            ("by", text(words(before), before.text())),
        ];
        Some(Fact::record(fields, at))
    };
    rules.all.iter().enumerate().filter_map(shadowed).collect()
}

/// Whether everybody that one address of a rule names is named by another.
fn covers(wide: &str, narrow: &str) -> bool {
    if wide == "all" || wide == narrow {
        return true;
    }
    let (Some(wide), Some(narrow)) = (network(wide), network(narrow)) else { return false };
    let mask = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)).checked_shr(32 - wide.bits.min(32)),
        IpAddr::V6(v6) => u128::from(v6).checked_shr(128 - wide.bits.min(128)),
    };
    let family = wide.address.is_ipv4() == narrow.address.is_ipv4();
    family && wide.bits <= narrow.bits && mask(wide.address).unwrap_or(0) == mask(narrow.address).unwrap_or(0)
}

impl<'a> Maker<'a> {
    /// Whether nobody gets in, whatever he shows.
    pub fn closed(&self, id: LevelId) -> bool {
        let held = self.model.levels.held_any(id, &["allow", "deny"]);
        let first = held.directives.first();
        let any = self.model.levels.text(id, "satisfy") == Some("any");
        first.is_some_and(|rule| *rule.name == *"deny" && rule.arg(0) == "all") && !(any && self.proof(id))
    }

    fn proof(&self, id: LevelId) -> bool {
        let on = |name: &&&str| {
            let held = self.model.levels.held(id, name);
            held.one().is_some_and(|directive| directive.arg(0) != "off")
        };
        // A client's certificate is a proof too.
        let certificate = self.model.levels.text(id, "ssl_verify_client") == Some("on");
        PROOFS.iter().find(on).is_some() || certificate
    }

    fn rules(&self, id: LevelId) -> Rules<'a> {
        let held = self.model.levels.held_any(id, &["allow", "deny"]);
        let unfilled = held.directives.iter().find_map(|rule| rule.unfilled());
        Rules { all: held.directives, doubt: unfilled.or(held.doubt) }
    }

    /// Whether address or proof is enough, or why that is not known.
    fn any(&self, id: LevelId) -> Result<bool, Unknown> {
        let held = self.model.levels.held(id, "satisfy");
        let unfilled = held.one().and_then(|satisfy| satisfy.unfilled());
        match unfilled.or(held.doubt) {
            Some(unknown) => Err(unknown),
            None => Ok(held.directives.last().is_some_and(|satisfy| satisfy.arg(0) == "any")),
        }
    }

    /// Whether a proof is asked for, or why that is not known.
    fn password(&self, id: LevelId) -> Result<bool, Unknown> {
        let held = self.model.levels.held_any(id, &PROOFS);
        let unfilled = held.directives.iter().filter(|proof| *proof.name == *"auth_basic").find_map(|it| it.unfilled());
        match (self.proof(id), unfilled, held.doubt) {
            (_, Some(unknown), _) => Err(unknown),
            (true, None, _) | (false, None, None) => Ok(self.proof(id)),
            (false, None, Some(unknown)) => Err(unknown),
        }
    }

    /// Whether a stranger is turned away, or why that is not known: by rules, by a proof that is asked for, or by an `if`
    /// that looks at who asks.
    fn restricted(&self, id: LevelId, rules: &Rules<'_>) -> Result<bool, Unknown> {
        match self.restricted_by_rules(id, rules) {
            Ok(false) => self.guard(id).map_or(Ok(false), Err),
            said => said,
        }
    }

    /// An `if` that turns some clients away for who they are.
    fn guard(&self, id: LevelId) -> Option<Unknown> {
        let levels = &self.model.levels;
        let refuses = |directive: &Directive| {
            let code = directive.arg(0).parse::<u16>();
            *directive.name == *"return" && code.is_ok_and(|code| (400..500).contains(&code))
        };
        levels.around(id).flat_map(|level| levels.all[level].ifs.iter()).find_map(|&child| {
            let level = &levels.all[child];
            let asks = level.directive.filter(|_| matches!(level.kind, Kind::If | Kind::ServerIf))?;
            let turns_away = level.own.iter().any(|directive| refuses(directive));
            (turns_away && self.asks_who(child, Condition::of(asks).value))
                .then(|| Unknown::new(Why::NotSupported, asks.text(), "which clients this `if` turns away"))
        })
    }

    /// Whether a text has to do with who the client is: its address, a header or cookie or argument of its own, a
    /// certificate, or what is made of these.
    fn asks_who(&self, level: LevelId, text: &str) -> bool {
        let of_client = |name: &String| CLIENT.iter().any(|start| name.starts_with(start));
        self.depends(level, [text]).iter().any(of_client)
    }

    fn restricted_by_rules(&self, id: LevelId, rules: &Rules<'_>) -> Result<bool, Unknown> {
        let deny = rules.of_all("deny");
        let by_address = rules.doubt_before(deny).cloned().map_or_else(|| Ok(rules.turns_away()), Err);
        // Whoever is turned away by his address must at least show something.
        if matches!(by_address, Ok(true)) {
            return Ok(true);
        }
        match (self.password(id)?, self.any(id)) {
            (true, Ok(false)) => Ok(true),
            (true, any) => {
                let allow = rules.of_all("allow");
                match rules.doubt_before(allow) {
                    Some(unknown) => Err(unknown.clone()),
                    None if allow.is_none() => Ok(true),
                    // With one of both enough, everybody gets in by his address.
                    None => any.map(|any| !any),
                }
            }
            (false, _) => by_address,
        }
    }

    /// Whether nobody gets in, or why that is not known.
    fn nobody(&self, id: LevelId, rules: &Rules<'_>) -> Result<bool, Unknown> {
        let first = Some(0).filter(|_| !rules.all.is_empty());
        if let Some(unknown) = rules.doubt_before(first) {
            return Err(unknown.clone());
        }
        if rules.of_all("deny") != Some(0) {
            return Ok(false);
        }
        match (self.password(id), self.any(id)) {
            (Ok(false), _) | (_, Ok(false)) => Ok(true),
            (password, any) => Ok(!(password? && any?)),
        }
    }

    /// Who is let in.
    pub fn access(&self, id: LevelId) -> Fact {
        let levels = &self.model.levels;
        let rules = self.rules(id);
        let of = "nginx.scopes[].access";
        let proof = levels.held_any(id, &PROOFS).directives.first().copied();
        let at = rules.all.first().copied().or(proof).map_or(self.at(id), |rule| rule.text());
        let flag = |known: Result<bool, Unknown>| match known {
            Ok(known) => Fact::derived(known, at),
            Err(unknown) => Fact::Unknown(unknown.following_from(of)),
        };
        let first_of_all = [rules.of_all("deny"), rules.of_all("allow")].into_iter().flatten().min();
        let decided = |known: bool, by: Option<usize>| rules.doubt_before(by).cloned().map_or(Ok(known), Err);
        let denies_all = first_of_all.is_some() && first_of_all == rules.of_all("deny");
        let allows = rules.all.iter().filter(|rule| *rule.name == *"allow");
        let allows: Vec<Fact> = allows.map(|rule| self.word(rule, 0)).collect();
        let count = || Fact::derived(super::number(rules.all.len() as u64), at);
        let names = |name: &str| matches!(name, "allow" | "deny") || PROOFS.contains(&name);
        let own = levels.all[id].own.iter().any(|directive| names(&directive.name));
        let beside = levels.all[id].doubts.iter().find(|doubt| doubt.touches("allow") || doubt.touches("auth_basic"));
        let own = beside.filter(|_| !own).map_or(Ok(own), |doubt| Err(doubt.unknown.clone()));
        let returns = self.returns(id);
        let fields = [
            ("rules", self.unless(rules.doubt.clone(), of, count)),
            ("ends_open", flag(decided(!denies_all, first_of_all))),
            ("closed", flag(self.nobody(id, &rules))),
            ("allows", self.list_with(of, allows, rules.doubt.clone())),
            ("dead", self.list_with("nginx.scopes[].access.dead", dead(&rules), rules.doubt.clone())),
            ("password", flag(self.password(id))),
            ("any", flag(self.any(id))),
            ("restricted", flag(self.restricted(id, &rules))),
            ("own", flag(own)),
            ("returns_first", Fact::derived(returns.is_some(), returns.map_or(at, |directive| directive.text()))),
        ];
        Fact::record(fields, at)
    }
}
