//! Variables that a block makes of others: `map`, `geo` and `split_clients` (ngx_http_map_module.c,
//! ngx_http_geo_module.c and ngx_http_split_clients_module.c, 1.22.1).

use super::run::Run;
use super::variable::{Text, in_network};
use crate::fact::{Unknown, Why};
use crate::platform::nginx::model::Made;

impl<'a> Run<'a> {
    /// What the block makes of the request as it is now.
    pub fn made(&mut self, made: &Made<'a>) -> Text {
        if let Some(unknown) = &made.doubt {
            return Text::Unknown(unknown.clone());
        }
        match &*made.directive.name {
            "map" => self.mapped(made),
            "geo" => self.by_address(made),
            _ => self.split(made),
        }
    }

    fn mapped(&mut self, made: &Made<'a>) -> Text {
        let source = match self.value(made.directive.arg(0)) {
            Text::Known(source) => source,
            Text::Unknown(unknown) => return Text::Unknown(unknown),
        };
        if let Some(line) = made.lines.iter().find(|line| line.templated()) {
            return Text::Unknown(Unknown::new(Why::Templated, line.span, "the rendered file"));
        }
        match made.line(&source) {
            Ok(Some((line, found))) => {
                found.into_iter().for_each(|found| self.captured(found));
                self.value(line.arg(0))
            }
            Ok(None) => made.default().map_or(Text::Known(String::new()), |line| self.value(line.arg(0))),
            Err(line) => Text::Unknown(self.unsupported(line.span, "an expression that is not understood")),
        }
    }

    fn by_address(&mut self, made: &Made<'a>) -> Text {
        let address = match made.directive.args.len() {
            2 => match self.value(made.directive.arg(0)) {
                Text::Known(text) => text.parse().ok(),
                Text::Unknown(unknown) => return Text::Unknown(unknown),
            },
            _ => match self.client() {
                Some(client) => Some(client),
                None => return self.runtime("remote_addr"),
            },
        };
        if let Some(line) = made
            .lines
            .iter()
            .find(|line| line.templated() || matches!(&*line.name, "ranges" | "proxy" | "proxy_recursive" | "delete"))
        {
            return Text::Unknown(self.unsupported(line.span, "a form of geo that is not followed"));
        }
        let mut best: Option<(u8, &str)> = None;
        for line in made.lines.iter().filter(|line| line.args.len() == 1) {
            let length = match (&*line.name, address) {
                ("default", _) => Some(0),
                (network, Some(address)) => in_network(network, address).map(|bits| bits + 1),
                (_, None) => None,
            };
            // Of two equal networks the later one stays (nginx warns).
            if let Some(length) = length.filter(|length| best.is_none_or(|(old, _)| *length >= old)) {
                best = Some((length, line.arg(0)));
            }
        }
        Text::Known(best.map_or("", |(_, value)| value).to_owned())
    }

    fn split(&mut self, made: &Made<'a>) -> Text {
        let source = match self.value(made.directive.arg(0)) {
            Text::Known(source) => source,
            Text::Unknown(unknown) => return Text::Unknown(unknown),
        };
        let hash = murmur2(source.as_bytes());
        let mut sum = 0u64;
        for line in made.lines.iter().filter(|line| line.args.len() == 1) {
            if *line.name == *"*" {
                return self.value(line.arg(0));
            }
            let Some(share) = hundredths(&line.name) else { continue };
            sum += share;
            if u64::from(hash) < sum * 0xffff_ffff / 10_000 {
                return self.value(line.arg(0));
            }
        }
        Text::Known(String::new())
    }
}

/// A share of `split_clients`, in hundredths of a percent.
fn hundredths(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = format!("{part:0<2}");
    Some(whole.parse::<u64>().ok()? * 100 + part.get(..2)?.parse::<u64>().ok()?)
}

/// MurmurHash2 with seed 0 and the length mixed in, by which `split_clients` splits (`ngx_murmur_hash2`; the algorithm
/// is Austin Appleby's, in the public domain).
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut chunks = data.chunks_exact(4);
    for chunk in chunks.by_ref() {
        let mut k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    for (number, byte) in rest.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * number);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}
