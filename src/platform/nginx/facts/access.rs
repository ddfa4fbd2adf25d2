//! Who is let in on a level.

use super::Maker;
use crate::fact::Fact;
use crate::platform::nginx::scope::LevelId;

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

impl Maker<'_> {
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

    /// Who is let in.
    pub fn access(&self, id: LevelId) -> Fact {
        let levels = &self.model.levels;
        let held = levels.held_any(id, &["allow", "deny"]);
        let proof = levels.held_any(id, &PROOFS);
        let of = "nginx.scopes[].access";
        let at = held.directives.first().or(proof.directives.first()).map_or(self.at(id), |rule| rule.text());
        let doubt = held.doubt.clone().filter(|_| held.directives.is_empty());
        let doubt = doubt.or(proof.doubt.filter(|_| proof.directives.is_empty()));
        let rules = &held.directives;
        let all = |name: &str| rules.iter().position(|rule| *rule.name == *name && rule.arg(0) == "all");
        let denies_all = all("deny").is_some_and(|deny| all("allow").is_none_or(|allow| deny < allow));
        let returns = self.returns(id).is_some();
        let password = self.proof(id);
        let restricted = password || rules.iter().any(|rule| *rule.name == *"deny");
        let allows = rules.iter().filter(|rule| *rule.name == *"allow");
        let allows: Vec<Fact> = allows.map(|rule| Fact::derived(rule.arg(0).to_owned(), rule.text())).collect();
        let names = |name: &str| matches!(name, "allow" | "deny") || PROOFS.contains(&name);
        let own = levels.all[id].own.iter().any(|directive| names(&directive.name));
        let flag = |flag: bool| self.unless(doubt.clone(), of, || Fact::derived(flag, at));
        let fields = [
            ("rules", self.unless(doubt.clone(), of, || Fact::derived(super::number(rules.len() as u64), at))),
            ("ends_open", flag(!denies_all)),
            ("closed", flag(self.closed(id))),
            ("allows", self.list_with(of, allows, doubt.clone())),
            ("password", flag(password)),
            ("any", Fact::derived(levels.text(id, "satisfy") == Some("any"), at)),
            ("restricted", flag(restricted)),
            ("own", Fact::derived(own, at)),
            ("returns_first", Fact::derived(returns, self.returns(id).map_or(at, |directive| directive.text()))),
        ];
        Fact::record(fields, at)
    }
}
