//! One configuration, given to the real nginx and to hardline, and what becomes of it.

use super::answer::answer;
use super::config::{self, Item, MAIN};
use super::differ::{self, Aspect, Outcome};
use super::generate::{Case, Feature, site};
use super::observe::{Ask, Seen, observe};
use super::server::{Folder, Refusal, nginx};
use super::upstream::Upstream;

/// What one configuration came to.
#[derive(Debug)]
pub struct Trial {
    /// Why nginx refuses it, if it does.
    pub refusal: Option<Refusal>,
    /// Every aspect that was compared: the number of the request, none for the start.
    pub aspects: Vec<(Option<usize>, Aspect, Outcome)>,
    /// What was seen of each request.
    pub seen: Vec<Seen>,
}

impl Trial {
    /// The aspects that differ.
    pub fn wrong(&self) -> impl Iterator<Item = (Option<usize>, Aspect, &str)> {
        self.aspects.iter().filter_map(|(ask, aspect, outcome)| match outcome {
            Outcome::Differs(message) => Some((*ask, *aspect, message.as_str())),
            _ => None,
        })
    }
}

/// Lays it out, starts nginx, asks both.
pub fn run(http: &[Item], asks: &[Ask]) -> Trial {
    let upstream = Upstream::start();
    let mut files = config::files(http);
    let last_line = files[MAIN].lines().count();
    files.extend(site());
    let folder = Folder::new(&files, &upstream);
    let mut trial = Trial { refusal: None, aspects: Vec::new(), seen: Vec::new() };
    let mut running = match nginx().start(&folder) {
        Ok(running) => running,
        Err(refusal) => {
            let said = answer(&folder, None);
            let start = differ::start(&said, Some(&refusal), last_line);
            trial.aspects.extend(start.into_iter().map(|(aspect, outcome)| (None, aspect, outcome)));
            trial.refusal = Some(refusal);
            return trial;
        }
    };
    let said = answer(&folder, None);
    let start = differ::start(&said, None, last_line);
    trial.aspects.extend(start.into_iter().map(|(aspect, outcome)| (None, aspect, outcome)));
    let keeps = files[MAIN].contains("proxy_cache_path");
    for (number, ask) in asks.iter().enumerate() {
        if keeps && number > 0 {
            // Each question is asked of a server that has stored nothing.
            drop(running);
            let _ = std::fs::remove_dir_all(folder.path.join("cache"));
            running = nginx().start(&folder).expect("a configuration that was accepted before");
        }
        let Some(seen) = observe(&running, &folder, &upstream, ask) else { continue };
        trial.aspects.extend(compare(&folder, ask, &seen).into_iter().map(|(a, outcome)| (Some(number), a, outcome)));
        trial.seen.push(seen);
    }
    trial
}

fn compare(folder: &Folder, ask: &Ask, seen: &Seen) -> Vec<(Aspect, Outcome)> {
    let said = answer(folder, Some(ask));
    let mut all = differ::request(&said, seen);
    if ask.again {
        all.extend(differ::cache(&said, &answer(folder, Some(&ask.by_another())), seen));
    }
    all
}

/// The smallest configuration with one request at most that still differs in this aspect.
pub fn shrink(case: &Case, (ask, aspect, said): (Option<usize>, Aspect, &str)) -> (Vec<Item>, Vec<Ask>) {
    let asks: Vec<Ask> = ask.map(|ask| case.asks[ask].clone()).into_iter().collect();
    let wanted = gist(said);
    let differs = |http: &[Item], asks: &[Ask]| {
        run(http, asks).wrong().any(|(_, found, said)| found == aspect && gist(said) == wanted)
    };
    let mut http = case.http.clone();
    let mut budget = 400;
    'again: while budget > 0 {
        for smaller in config::smaller(&http) {
            budget -= 1;
            if config::makes_sense(&smaller) && differs(&smaller, &asks) {
                http = smaller;
                continue 'again;
            }
            if budget == 0 {
                break;
            }
        }
        break;
    }
    let mut asks = asks;
    if let Some(ask) = asks.first().cloned() {
        for smaller in smaller_asks(&ask) {
            if differs(&http, std::slice::from_ref(&smaller)) {
                asks = vec![smaller];
            }
        }
    }
    (http, asks)
}

/// A difference without ports, lines and folders, which change from run to run; of a refusal only its first words.
fn gist(said: &str) -> String {
    let words = said.split([' ', '"', '/', ':', ',']).filter(|word| !word.starts_with("hl") && !word.is_empty());
    let number = |word: &str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    words.filter(|word| !number(word) && !word.contains("line")).take(24).collect::<Vec<_>>().join(" ")
}

/// The same question with less about it.
fn smaller_asks(ask: &Ask) -> Vec<Ask> {
    let mut all = vec![Ask { headers: Vec::new(), ..ask.clone() }];
    let mut bare = ask.clone();
    bare.reply.headers.clear();
    all.push(bare.clone());
    bare.headers.clear();
    all.push(bare.clone());
    bare.reply.status = 200;
    all.push(bare);
    all
}

/// What is shown of a difference: the files without what never changes, the request, and what is wrong.
pub fn show(http: &[Item], asks: &[Ask]) -> String {
    let trial = run(http, asks);
    let mut text = String::new();
    for (name, file) in config::files(http) {
        let shown = match file.split_once("root {DIR}/site;\n") {
            Some((_, rest)) => format!("http {{\n{rest}"),
            None => file,
        };
        text.push_str(&format!("--- {name}\n{shown}"));
    }
    for ask in asks {
        text.push_str(&format!("--- {ask:?}\n"));
    }
    for (_, aspect, message) in trial.wrong() {
        text.push_str(&format!("{aspect:?}: {message}\n"));
    }
    for seen in &trial.seen {
        text.push_str(&format!("seen: {seen:?}\n"));
    }
    text
}

/// What is known of a configuration, for a count.
pub fn has_three(case: &Case) -> bool {
    case.features.iter().filter(|feature| **feature != Feature::Broken).count() >= 3
}
