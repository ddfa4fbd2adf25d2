//! Directives that only write down a value (`ngx_conf_set_…_slot`).

use super::address::{ipv4, ipv6};
use super::value::{milliseconds, number, offset, seconds, size};
use super::{Call, Outcome, Reader, said};
use crate::platform::nginx::directive::Setter;

impl Reader<'_> {
    /// Checks what a directive without a function of its own is given.
    pub(super) fn set(&mut self, call: Call<'_>) -> Outcome {
        let value = call.arg(0);
        let sized = |size: Option<i64>| size.map_or_else(|| call.fault("invalid value"), Ok);
        match call.spec.setter {
            Setter::Flag if value.eq_ignore_ascii_case("on") || value.eq_ignore_ascii_case("off") => Ok(()),
            Setter::Flag => said(format!(
                "invalid value \"{value}\" in \"{}\" directive, it must be \"on\" or \"off\"",
                call.name()
            )),
            Setter::Number(min, max) => {
                let Some(number) = number(value) else { return call.fault("invalid number") };
                bounds(number, min, max)?;
                check(&call, number)
            }
            Setter::Size => check(&call, sized(size(value))?),
            Setter::Offset => sized(offset(value)).map(|_| ()),
            Setter::Milliseconds => sized(milliseconds(value)).map(|_| ()),
            Setter::Seconds => sized(seconds(value)).map(|_| ()),
            Setter::Enum(words) | Setter::Words(words) => {
                let given = call.args().iter().map(|word| &*word.text);
                let known = |given: &str| words.iter().any(|word| word.eq_ignore_ascii_case(given));
                match given.into_iter().find(|given| !known(given)) {
                    Some(wrong) => said(format!("invalid value \"{wrong}\"")),
                    None => Ok(()),
                }
            }
            Setter::Buffers => match (number(value), size(call.arg(1))) {
                (Some(1..), Some(1..)) => Ok(()),
                _ => call.fault("invalid value"),
            },
            Setter::Access => access(&call),
            Setter::Path => {
                levels(&call)?;
                let levels = call.args().iter().skip(1).map(|word| word.text.to_string()).collect();
                self.folder(value, levels, false)
            }
            Setter::Template => self.template(value, &call).map(|_| ()),
            Setter::TemplateSize => {
                if !self.template(value, &call)? {
                    sized(size(value))?;
                }
                Ok(())
            }
            Setter::Templates => {
                for word in call.args() {
                    self.template(word, &call)?;
                }
                Ok(())
            }
            Setter::Bind => self.bind(&call),
            Setter::Param => match call.args().get(2) {
                Some(word) if &*word.text != "if_not_empty" => said(format!("invalid parameter \"{}\"", &*word.text)),
                _ => Ok(()),
            },
            Setter::Text | Setter::Texts | Setter::Pairs | Setter::Types | Setter::Special(_) => Ok(()),
        }
    }

    /// `ngx_http_upstream_bind_set_slot`.
    fn bind(&mut self, call: &Call<'_>) -> Outcome {
        let value = call.arg(0);
        if value == "off" && call.count() == 1 {
            return Ok(());
        }
        if !self.template(value, call)? && !is_local(value) {
            return said(format!("invalid address \"{value}\""));
        }
        match call.args().get(1) {
            Some(word) if &*word.text != "transparent" => said(format!("invalid parameter \"{}\"", &*word.text)),
            _ => Ok(()),
        }
    }
}

/// Whether a text is an address, with or without a port (`ngx_parse_addr_port`).
fn is_local(text: &str) -> bool {
    let address = |text: &str| ipv4(text).is_some() || ipv6(text).is_some();
    if address(text) {
        return true;
    }
    let split = match text.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => text.split_once(':'),
    };
    split.is_some_and(|(host, port)| matches!(number(port), Some(1..=65535)) && address(host))
}

/// `ngx_conf_check_num_bounds`.
fn bounds(number: i64, min: Option<i64>, max: Option<i64>) -> Outcome {
    match (min, max) {
        (Some(min), None) if number < min => said(format!("value must be equal to or greater than {min}")),
        (Some(min), Some(max)) if !(min..=max).contains(&number) => {
            said(format!("value must be between {min} and {max}"))
        }
        _ => Ok(()),
    }
}

/// What some sizes must be beyond that.
fn check(call: &Call<'_>, value: i64) -> Outcome {
    let doubled = |least: i64, most: i64| value.count_ones() == 1 && (least..=most).contains(&value);
    match call.spec.check {
        Some("gzip-window") if !doubled(512, 32 << 10) => call.fault("must be 512, 1k, 2k, 4k, 8k, 16k, or 32k"),
        Some("gzip-hash") if !doubled(512, 128 << 10) => {
            call.fault("must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k")
        }
        // `NGX_MIN_POOL_SIZE` and `NGX_POOL_ALIGNMENT` on 64 bits.
        Some("core-pool-size" | "v2-pool-size") if value < 112 => said("the pool size must be no less than 112"),
        Some("core-pool-size" | "v2-pool-size") if value % 16 != 0 => said("the pool size must be a multiple of 16"),
        Some("v2-recv-buffer-size") if value <= 2 * 16 => call.fault("value is too small"),
        Some("v2-preread-size") if value > i64::from(i32::MAX) => {
            said("the maximum body preread buffer size is 2147483647")
        }
        Some("v2-streams-index-mask") if value.count_ones() != 1 => call.fault("must be a power of two"),
        Some("v2-chunk-size") if value == 0 => said("the http2 chunk size cannot be zero"),
        _ => Ok(()),
    }
}

/// `ngx_conf_set_access_slot`.
fn access(call: &Call<'_>) -> Outcome {
    for word in call.args() {
        let right = ["user:", "group:", "all:"].into_iter().find_map(|who| word.text.strip_prefix(who));
        if !matches!(right, Some("r" | "rw")) {
            return said(format!("invalid value \"{}\"", &*word.text));
        }
    }
    Ok(())
}

/// `ngx_conf_set_path_slot`: up to three levels of folders.
fn levels(call: &Call<'_>) -> Outcome {
    let mut length = 0i64;
    for word in call.args().iter().skip(1) {
        match number(word) {
            Some(level @ 1..=100) => length += level + 1,
            _ => return call.fault("invalid value"),
        }
    }
    let count = i64::try_from(call.count() - 1).unwrap_or(i64::MAX);
    if length > 10 + count { call.fault("invalid value") } else { Ok(()) }
}
