//! What holds on a level: what it says itself, or what the nearest level around it says.
//!
//! Every directive of nginx follows one of two rules. One value: the innermost level that sets it decides
//! (`ngx_conf_merge_value`). A list: the innermost level that has any of them decides all of them, and nothing of
//! the levels around it stays (`ngx_http_headers_filter_module.c`, `ngx_http_proxy_module.c`, `ngx_http_access_module.c`
//! and so on). `add_header_inherit` changes the second rule for response headers from 1.29.3 on.

use super::directive::adds;
use super::scope::{Kind, LevelId, Levels};
use super::tree::Directive;
use crate::fact::{Unknown, Why};

/// What holds on a level under one name.
#[derive(Debug, Clone)]
pub struct Held<'a> {
    /// The directives, in order; none where nobody says anything.
    pub directives: Vec<&'a Directive>,
    /// The level that says it.
    pub level: Option<LevelId>,
    /// Why it may be otherwise, if it may: of directives that add up, why there may be more.
    pub doubt: Option<Unknown>,
}

impl<'a> Held<'a> {
    /// The directive that decides where only one may be.
    pub fn one(&self) -> Option<&'a Directive> {
        self.directives.last().copied()
    }
}

impl<'a> Levels<'a> {
    /// The directives of these names that hold on a level: those of the innermost level that has any.
    pub fn held_any(&self, id: LevelId, names: &[&str]) -> Held<'a> {
        let mut doubt = None;
        for id in self.around(id) {
            let level = &self.all[id];
            // An `if` of a server is no level that anything is inherited from.
            if matches!(level.kind, Kind::ServerIf | Kind::Other) && level.parent.is_some() {
                continue;
            }
            if level.doubts.is_empty() && !level.may_say(names) {
                continue;
            }
            let directives = level.named_any(names);
            let here = level.doubts.iter().find(|doubt| {
                let touched = names.iter().find(|name| doubt.touches(name));
                touched.is_some_and(|name| directives.is_empty() || doubt.hides || adds(name))
            });
            doubt = doubt.or_else(|| here.map(|doubt| doubt.unknown.clone()));
            if !directives.is_empty() {
                return Held { directives, level: Some(id), doubt };
            }
        }
        Held { directives: Vec::new(), level: None, doubt }
    }

    /// What holds on a level under one name.
    pub fn held(&self, id: LevelId, name: &str) -> Held<'a> {
        self.held_any(id, &[name])
    }

    /// The argument of a directive that takes one, where it is known.
    pub fn text(&self, id: LevelId, name: &str) -> Option<&'a str> {
        self.held(id, name).one().map(|directive| directive.arg(0))
    }

    /// Whether a flag is on, `default` where nobody says it.
    pub fn flag(&self, id: LevelId, name: &str, default: bool) -> bool {
        self.text(id, name).map_or(default, |text| text.eq_ignore_ascii_case("on"))
    }

    /// The level whose own directives of a name hold on a level, and why they may not: a level within it may have some
    /// that are not seen.
    pub fn deciding(&self, id: LevelId, name: &str) -> Option<(LevelId, Option<Unknown>)> {
        let level = self.held(id, name).level?;
        let within = self.around(id).take_while(|&inner| inner != level);
        Some((level, within.into_iter().find_map(|inner| self.replaced(inner, name))))
    }

    /// Why a level may have directives of a name that are not seen, so that those around it do not hold.
    fn replaced(&self, id: LevelId, name: &str) -> Option<Unknown> {
        let level = &self.all[id];
        let steers = matches!(level.kind, Kind::ServerIf | Kind::Other) && level.parent.is_some();
        // What Lua does comes on top of them.
        let hidden = level.doubts.iter().find(|doubt| doubt.touches(name) && doubt.unknown.why != Why::NotSupported);
        hidden.filter(|_| !steers).map(|doubt| doubt.unknown.clone())
    }

    /// The levels whose own response headers a level has, as [`Levels::added`] says, and why it may not have them.
    pub fn adding(&self, id: LevelId, name: &str) -> Vec<(LevelId, Option<Unknown>)> {
        let inherit = format!("{name}_inherit");
        let (mut levels, mut replaced) = (Vec::new(), None);
        for id in self.around(id) {
            let level = &self.all[id];
            if matches!(level.kind, Kind::ServerIf | Kind::Other) && level.parent.is_some() {
                continue;
            }
            let some = self.own(id, name).next().is_some();
            levels.extend(some.then(|| (id, replaced.clone())));
            match self.text(id, &inherit).unwrap_or("on") {
                "merge" => continue,
                "off" => break,
                _ if some => break,
                _ => replaced = replaced.or_else(|| self.replaced(id, name)),
            }
        }
        levels
    }

    /// The response headers that `add_header` (or `add_trailer`) adds on a level.
    ///
    /// Without `add_header_inherit` those of the innermost level that has any; with `merge` the level's own and then
    /// what holds around it; with `off` only its own (`ngx_http_headers_merge_conf`, 1.29.3).
    pub fn added(&self, id: LevelId, name: &str) -> Held<'a> {
        let inherit = format!("{name}_inherit");
        let mut held = Held { directives: Vec::new(), level: None, doubt: None };
        for id in self.around(id) {
            let level = &self.all[id];
            if matches!(level.kind, Kind::ServerIf | Kind::Other) && level.parent.is_some() {
                continue;
            }
            let own: Vec<&Directive> = self.own(id, name).collect();
            let how = self.text(id, &inherit).unwrap_or("on");
            let here = level.doubts.iter().find(|doubt| doubt.touches(name));
            held.doubt = held.doubt.or_else(|| here.map(|doubt| doubt.unknown.clone()));
            held.level = held.level.or((!own.is_empty()).then_some(id));
            let some = !own.is_empty();
            held.directives.extend(own);
            match how {
                "merge" => {}
                "off" => break,
                _ if some => break,
                _ => {}
            }
        }
        held
    }
}
