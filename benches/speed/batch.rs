//! Questions for `acl can --batch`: users as they are found, with what they and others would do.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// Rules of users; `N` differs from question to question.
const RULES: [&str; 16] = [
    r#""~app:N:*","+@read","+@write","-@dangerous""#,
    r#""~*","&*","+@all""#,
    r#""~cache:*","resetchannels","+get","+set","+del","+expire""#,
    r#""+@all","-@admin","-@dangerous","~jobs:N:*","&jobs:N""#,
    r#""%R~catalog:*","%W~cart:N:*","+@all","-@scripting""#,
    r#""+@read","~public:*","(+set +incr ~counter:N:*)","(+publish &events:N)""#,
    r#""~*","+@all","-config","+config|get","-debug","-module","-shutdown""#,
    r#""-@all","+ping","+info","+client|setname","+client|id","+slowlog|get""#,
    r#""+psync","+replconf","+ping""#,
    r#""~session:N*","+@hash","+@string","-@write","+hset","+expire""#,
    r#""allchannels","+subscribe","+psubscribe","+@connection""#,
    r#""~{tenant-N}:*","+@all","-@dangerous","+keys","-@blocking""#,
    r#""nocommands","+@sortedset","~rank:*","%RW~score:N:*""#,
    r#""+@all","-flushall","-flushdb","-keys","~*","resetchannels","&chat:*""#,
    r#""~a*","~b*","~c*","~d:N","+@read","+acl|whoami","+eval","+evalsha""#,
    r#""reset","+select","+@transaction","+xadd","+xread","~stream:N:*""#,
];

/// Commands that are asked for: what such users do, and what they should not.
const COMMANDS: [&str; 25] = [
    r#""get","app:N:name""#,
    r#""set","cache:N","value","ex","60""#,
    r#""config","set","dir","/tmp""#,
    r#""config","get","maxmemory""#,
    r#""hset","session:N","user","N""#,
    r#""mget","a:1","b:2","app:N:x""#,
    r#""eval","return redis.call('get', KEYS[1])","1","app:N:y""#,
    r#""flushall""#,
    r#""publish","events:N","{\"id\": N}""#,
    r#""subscribe","chat:N","jobs:N""#,
    r#""zunionstore","score:N:sum","2","rank:a","rank:b""#,
    r#""xadd","stream:N:log","*","field","value""#,
    r#""client","kill","id","N""#,
    r#""rename","cart:N:1","catalog:1""#,
    r#""sort","jobs:N:list","by","weight_*","get","object_*","store","jobs:N:out""#,
    r#""keys","*""#,
    r#""acl","setuser","mallory","on""#,
    r#""copy","catalog:N","cart:N:copy""#,
    r#""info""#,
    r#""xread","count","2","streams","stream:N:log","0-0""#,
    r#""lpop","{tenant-N}:queue""#,
    r#""replicaof","10.0.0.1","6379""#,
    r#""bitop","and","app:N:d","app:N:a","app:N:b""#,
    r#""georadius","public:map","15","37","200","km","store","public:near""#,
    r#""ping""#,
];

/// Writes so many questions, one to a line.
pub fn write(path: &Path, count: usize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for index in 0..count {
        // The numbers of rules and commands have no common factor: every pair comes.
        let (rules, command) = (RULES[index % RULES.len()], COMMANDS[index % COMMANDS.len()]);
        let number = (index % 9_973).to_string();
        let line = format!(r#"{{"rules":[{rules}],"command":[{command}]}}"#);
        writeln!(file, "{}", numbered(&line, &number))?;
    }
    file.flush()
}

/// A line with a number for every `N`. No command or category has a capital letter.
fn numbered(line: &str, number: &str) -> String {
    line.replace("KEYS[1]", "keys[1]").replace('N', number)
}

/// How many of the answers were what.
pub fn tally(path: &Path) -> io::Result<String> {
    let (mut yes, mut no, mut errors) = (0, 0, 0);
    for line in BufReader::new(File::open(path)?).lines() {
        match line? {
            line if line.contains(r#""allowed":true"#) => yes += 1,
            line if line.contains(r#""allowed":false"#) => no += 1,
            _ => errors += 1,
        }
    }
    Ok(format!("of these {yes} allowed, {no} denied, {errors} errors"))
}
