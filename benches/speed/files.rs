//! The configurations that are read: realistic ones, each different.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A hundred lines as they are deployed; what is in angle brackets differs from file to file.
const LINES: &str = include_str!("redis.conf.txt");

/// How many hosts share a folder.
const A_FOLDER: usize = 100;

/// Writes so many configurations of a hundred lines each below a folder.
pub fn configurations(folder: &Path, count: usize) -> io::Result<()> {
    if LINES.lines().count() != 100 {
        return Err(io::Error::other(format!("the configuration has {} lines, not 100", LINES.lines().count())));
    }
    for index in 0..count {
        let host = folder.join(format!("host-{}", index / A_FOLDER));
        fs::create_dir_all(&host)?;
        let text = LINES
            .replace("<port>", &(10_000 + index % 20_000).to_string())
            .replace("<address>", &format!("10.{}.{}.{}", index >> 16, index >> 8 & 255, index & 255))
            .replace("<hash>", &digits(index as u64, 64))
            .replace("<secret>", &digits(index as u64 + 7, 32))
            .replace("<name>", &format!("shop-{index}"));
        fs::write(host.join(format!("redis-{index}.conf")), text)?;
    }
    Ok(())
}

/// Writes a configuration with an ACL file of so many users; the ACL file's size.
pub fn users(folder: &Path, count: usize) -> io::Result<u64> {
    const RULES: [&str; 8] = [
        "+@read",
        "+@all -@admin",
        "+get +set +del",
        "-@all +ping +info",
        "+@write -flushall",
        "(%R~s:* +get)",
        "+config|get +@list",
        "&jobs:* +@pubsub",
    ];
    fs::create_dir_all(folder)?;
    fs::write(folder.join("redis.conf"), "port 6379\nbind 0.0.0.0\nprotected-mode yes\naclfile users.acl\n")?;
    let path = folder.join("users.acl");
    let mut file = BufWriter::new(File::create(&path)?);
    writeln!(file, "user default off")?;
    for index in 1..count {
        let (rules, secret) = (RULES[index % RULES.len()], digits(index as u64, 41));
        writeln!(file, "user u{index:05} on >{secret} ~u{index:05}:* {rules}")?;
    }
    file.flush()?;
    Ok(fs::metadata(path)?.len())
}

/// So many hexadecimal digits that look random and are the same in every run.
fn digits(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from_digit((state >> 60) as u32, 16).unwrap_or('0')
    };
    (0..count).map(|_| next()).collect()
}
