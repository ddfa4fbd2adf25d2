//! Random configurations and requests, given to hardline and to a real nginx: accepted or refused and where, then for
//! each request the server, the location, the status, all headers, what the upstream gets, limits, access, logs, and
//! whether somebody else is answered from the cache.
//!
//! 150 configurations in the ordinary run, 1,500 with `HARDLINE_CASES=50000`. `HARDLINE_SEED` is another seed.

pub mod answer;
pub mod config;
mod dice;
pub mod differ;
mod generate;
mod lines;
mod lines_broken;
pub mod observe;
pub mod server;
mod trial;
pub mod upstream;

use std::collections::BTreeMap;
use std::time::Instant;

use self::differ::{Aspect, Outcome};
use self::generate::{Case, Feature};
use self::trial::Trial;
use super::acl_live::number;
use super::conf_live::at_once;

/// What the configurations covered.
#[derive(Debug, Default)]
struct Spread {
    configurations: usize,
    refused: usize,
    requests: usize,
    three: usize,
    features: BTreeMap<Feature, usize>,
    aspects: BTreeMap<Aspect, [usize; 3]>,
    unknown: BTreeMap<String, usize>,
}

impl Spread {
    fn add(&mut self, case: &Case, trial: &Trial) {
        self.configurations += 1;
        self.refused += usize::from(trial.refusal.is_some());
        self.requests += trial.seen.len();
        self.three += usize::from(trial::has_three(case));
        for feature in &case.features {
            *self.features.entry(*feature).or_default() += 1;
        }
        for (_, aspect, outcome) in &trial.aspects {
            let counts = self.aspects.entry(*aspect).or_default();
            match outcome {
                Outcome::Same => counts[0] += 1,
                Outcome::Unknown(why) => {
                    counts[1] += 1;
                    *self.unknown.entry(why.clone()).or_default() += 1;
                }
                Outcome::Differs(_) => counts[2] += 1,
            }
        }
    }

    fn percent(&self, count: usize) -> usize {
        count * 100 / self.configurations.max(1)
    }

    /// Aspects that hardline answers, of all, in percent.
    fn definite(&self) -> usize {
        let all: usize = self.aspects.values().flatten().sum();
        let unknown: usize = self.aspects.values().map(|counts| counts[1]).sum();
        (all - unknown) * 100 / all.max(1)
    }

    fn summary(&self, seed: usize, started: Instant) -> String {
        let features: Vec<String> =
            self.features.iter().map(|(feature, count)| format!("{feature:?} {}", self.percent(*count))).collect();
        let mut unknown: Vec<(&String, &usize)> = self.unknown.iter().collect();
        unknown.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        unknown.truncate(30);
        format!(
            "nginx {}, seed {seed}: {} configurations, {} % refused, three features in {} %, {} requests, {} % definite; \
             same, unknown, different: {:?}; features in percent: {}; unknown: {unknown:?}; {:.1} s",
            server::nginx().version,
            self.configurations,
            self.percent(self.refused),
            self.percent(self.three),
            self.requests,
            self.definite(),
            self.aspects,
            features.join(", "),
            started.elapsed().as_secs_f64()
        )
    }

    /// What the random configurations must come to for the comparison to mean something.
    fn check(&self) {
        assert!(self.definite() >= 90, "{} % are definite", self.definite());
        assert!((5..=25).contains(&self.percent(self.refused)), "{} % are refused", self.percent(self.refused));
        assert!(self.percent(self.three) >= 50, "three features meet in {} %", self.percent(self.three));
        for feature in Feature::ALL {
            let count = self.features.get(&feature).copied().unwrap_or_default();
            // A share of a tenth may come out a little less among 150.
            let enough =
                count * 10 >= self.configurations || (self.configurations < 500 && count * 13 >= self.configurations);
            assert!(enough, "{feature:?} is in {count} of {} only", self.configurations);
        }
    }
}

fn cases() -> (usize, Vec<Case>) {
    let (wanted, seed) = (number("HARDLINE_CASES", 5_000) * 3 / 100, number("HARDLINE_SEED", 1));
    (seed, (0..wanted).map(|number| generate::case(seed, number)).collect())
}

#[test]
fn nginx_answers_alike() {
    let started = Instant::now();
    let (seed, cases) = cases();
    let trials = at_once(&cases, |case| trial::run(&case.http, &case.asks));
    let mut spread = Spread::default();
    let mut wrong = Vec::new();
    let mut shown: BTreeMap<Aspect, usize> = BTreeMap::new();
    for (number, (case, trial)) in cases.iter().zip(&trials).enumerate() {
        spread.add(case, trial);
        if let Some(first) = trial.wrong().next() {
            let count = shown.entry(first.1).or_default();
            *count += 1;
            if *count <= 3 {
                let (http, asks) = trial::shrink(case, first);
                wrong.push(format!("configuration {number}\n{}", trial::show(&http, &asks)));
            }
        }
    }
    println!("{}", spread.summary(seed, started));
    assert!(wrong.is_empty(), "seed {seed}: {shown:?} configurations differ\n{}", wrong.join("\n"));
    spread.check();
}

/// The nginx that tells nothing but chance would make the comparison worthless.
#[test]
fn nginx_does_the_same_twice() {
    let (_, cases) = cases();
    let some = cases.into_iter().take(40).collect::<Vec<_>>();
    at_once(&some, |case| {
        let (first, second) = (trial::run(&case.http, &case.asks), trial::run(&case.http, &case.asks));
        let message = |trial: &Trial| trial.refusal.as_ref().map(|refusal| refusal.place.clone());
        assert_eq!(message(&first), message(&second));
        for (first, second) in first.seen.iter().zip(&second.seen) {
            assert_eq!((first.status, &first.location), (second.status, &second.location));
            assert_eq!((&first.logs, first.stored), (&second.logs, second.stored));
        }
    });
}
