//! Random ACL rules and commands: the whole grammar, right and wrong, for the commands of one server.

use proptest::prelude::*;
use proptest::sample::select;

/// What one server knows, as it says itself.
#[derive(Debug, Clone)]
pub struct Words {
    /// Commands and `container|subcommand`s in lower case, each with its arity as the server counts it.
    pub commands: Vec<(String, i64)>,
    /// Categories without `@`.
    pub categories: Vec<String>,
    /// Whether it has selectors and `%R~`: 7.0 and later.
    pub selectors: bool,
    /// Whether it has `db=`: Valkey 9.1.
    pub databases: bool,
    /// Whether it runs as a Sentinel.
    pub sentinel: bool,
}

/// One user and what is asked of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The arguments of `ACL SETUSER` for a new user.
    pub rules: Vec<String>,
    /// The commands, each with its arguments.
    pub commands: Vec<Vec<String>>,
    /// The current database of the session that they are sent in. Only Valkey 9.1 asks for it.
    pub database: i64,
}

/// Users with `commands` commands each.
pub fn case(words: &Words, commands: usize) -> impl Strategy<Value = Case> + use<> {
    let rules = prop::collection::vec(rule(words), 0..9);
    let start = prop_oneof![
        2 => Just(vec![]),
        3 => Just(vec!["+@all"]),
        2 => Just(vec!["~*"]),
        5 => Just(vec!["+@all", "~*"]),
        3 => Just(vec!["+@all", "~*", "&*"]),
        2 => Just(vec!["+@all", "~k*"]),
        2 => Just(vec!["+@read", "+@write", "%R~k*"]),
        1 => Just(vec!["allkeys", "allchannels", "allcommands"]),
    ];
    let selectors = words.selectors;
    let (sentinel, outright) = (words.sentinel, words.sentinel && !words.selectors);
    let untidy = prop_oneof![12 => Just(false), 1 => Just(true)];
    let database = prop_oneof![5 => Just(0), 1 => Just(1), 1 => Just(3), 1 => Just(15)];
    (start, rules, untidy, prop::collection::vec(command(words), 1..=commands), database).prop_map(
        move |(start, rules, untidy, commands, database)| {
            let start = start.into_iter().filter(|rule| selectors || !rule.starts_with('%')).map(str::to_owned);
            let rules = start.chain(rules).collect();
            let rules: Vec<String> = if untidy { rules } else { tidy(rules, !selectors) };
            let spread = |rule: &String| rule.split(SPREAD).map(str::to_owned).collect::<Vec<_>>();
            let commands = if outright { commands.into_iter().map(harmless).collect() } else { commands };
            // A Sentinel has no SELECT.
            let database = if sentinel { 0 } else { database };
            Case { rules: rules.iter().flat_map(spread).collect(), commands, database }
        },
    )
}

/// The command so that running it stops neither the server nor other sessions.
fn harmless(mut command: Vec<String>) -> Vec<String> {
    let is = |place: usize, names: &[&str]| {
        command.get(place).is_some_and(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    if is(0, &["shutdown"]) {
        command.splice(1.., ["x".to_owned()]);
    } else if is(0, &["client"]) && is(1, &["pause", "reply", "kill"]) {
        command.truncate(2);
    }
    command
}

/// Between the words of a selector that is spread over several arguments.
const SPREAD: char = '\u{1}';

/// Resets the keys or channels before a pattern that follows "all of them", which servers refuse: left alone, it
/// would be the answer to every third case. New users of 6.2 have all channels.
fn tidy(rules: Vec<String>, new_users_have_channels: bool) -> Vec<String> {
    let (mut all_keys, mut all_channels) = (false, new_users_have_channels);
    let mut tidied = Vec::new();
    for rule in rules {
        let lower = rule.to_lowercase();
        if let Some(inner) = rule.strip_prefix('(').and_then(|rule| rule.strip_suffix(')')) {
            let between = if inner.contains(SPREAD) { SPREAD } else { ' ' };
            let inner = tidy(inner.split(between).map(str::to_owned).collect(), false);
            tidied.push(format!("({})", inner.join(&between.to_string())));
            continue;
        }
        match lower.as_str() {
            "~*" | "allkeys" | "%rw~*" | "%wr~*" => all_keys = true,
            "&*" | "allchannels" => all_channels = true,
            "resetkeys" => all_keys = false,
            "resetchannels" => all_channels = false,
            "reset" => (all_keys, all_channels) = (false, new_users_have_channels),
            _ if all_keys && (lower.starts_with('~') || lower.starts_with('%')) => {
                tidied.push("resetkeys".to_owned());
                all_keys = false;
            }
            _ if all_channels && lower.starts_with('&') => {
                tidied.push("resetchannels".to_owned());
                all_channels = false;
            }
            _ => {}
        }
        tidied.push(rule);
    }
    tidied
}

/// A word that is typed in lower, upper or mixed case.
fn any_case(word: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    (word, prop_oneof![6 => Just(0_u8), 1 => Just(1), 1 => Just(2)])
        .prop_map(|(word, how)| match how {
            0 => word,
            1 => word.to_uppercase(),
            _ => word.chars().enumerate().map(|(i, c)| if i % 2 == 1 { c.to_ascii_uppercase() } else { c }).collect(),
        })
        .boxed()
}

fn words_of(words: &'static [&'static str]) -> BoxedStrategy<String> {
    select(words).prop_map(str::to_owned).boxed()
}

/// One argument of `ACL SETUSER`. About one in ninety is wrong everywhere.
fn rule(words: &Words) -> BoxedStrategy<String> {
    let plain = inner_rule(words);
    let user = words_of(&[
        "on",
        "off",
        "nopass",
        "resetpass",
        ">pw",
        ">p w",
        ">",
        "sanitize-payload",
        "skip-sanitize-payload",
        "OFF",
        "",
        "#9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "NoPass",
        "reset",
    ]);
    let wrong = prop_oneof![
        6 => words_of(&[
            "foo", "+", "-", "+@", "-@", "+@nosuch", "-@nosuch", "+nosuch", "-nosuch", "+get|", "+|get", "-get|x", "<pw",
            "#9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", "#12", "!12", "<", "~a b", "&a b",
            "+config|nosuch", "-config|nosuch", "+config|get|x", "+select|1|2", "-select|0", "%~x", "%X~x", "%RR~x", "%",
            "db=x", "db=", "db=1,", "db=-1", "(+get", "+get)", "(on)", "(>pw)", "(reset)", "((+get))", "+@all|x", "@read",
            "+nosuch|x", "user", "~\tx", "(nosuch)", "+@read|x", "+CONFIG|", "on off", "%R", "%W~", "%R~*", "~**", "( )",
            "()", "+get|a|b", "&", "~", "+acl|getuser|x", "+debug|", "( +get ~k1 )",
        ]),
        1 => any_of(words).prop_map(|name| format!("-{name}|nosuch")),
    ];
    let mut kinds = vec![(50, plain), (5, user), (1, wrong.boxed())];
    if words.selectors {
        let parts = prop::collection::vec(inner_rule(words), 0..5)
            .prop_filter("no empty word", |parts| parts.iter().all(|part| !part.is_empty()));
        // In one argument, spread over several, with spaces inside the parentheses, or never closed.
        let shape = prop_oneof![
            20 => Just(("(", " ", ")")),
            8 => Just(("(", "\u{1}", ")")),
            6 => Just(("( ", " ", " )")),
            1 => Just(("(", " ", "")),
        ];
        let selector = (parts, shape);
        let selector =
            selector.prop_map(|(parts, (open, between, close))| format!("{open}{}{close}", parts.join(between)));
        kinds.push((6, selector.boxed()));
        kinds.push((1, words_of(&["clearselectors", "ClearSelectors"])));
    }
    proptest::strategy::Union::new_weighted(kinds).boxed()
}

fn any_of(words: &Words) -> BoxedStrategy<String> {
    select(words.commands.clone()).prop_map(|(name, _)| name).boxed()
}

/// The names that rules and commands draw often, so that they meet.
const FOCUS: &[&str] = &[
    "get",
    "set",
    "config",
    "config|get",
    "config|set",
    "client|list",
    "client",
    "acl|setuser",
    "acl",
    "mset",
    "sort",
    "eval",
    "xread",
    "publish",
    "subscribe",
    "psubscribe",
    "select",
    "debug",
    "migrate",
    "bitfield",
    "keys",
    "flushall",
    "object|encoding",
    "object",
    "memory|usage",
    "script|load",
    "function|load",
    "zunionstore",
    "georadius",
    "copy",
];

/// A rule that may stand in a selector too.
fn inner_rule(words: &Words) -> BoxedStrategy<String> {
    let known: Vec<String> = FOCUS
        .iter()
        .map(|name| (*name).to_owned())
        .filter(|name| words.commands.iter().any(|(known, _)| known == name))
        .collect();
    let tops: Vec<String> = {
        let has_subcommands =
            |name: &str| words.commands.iter().any(|(other, _)| other.starts_with(&format!("{name}|")));
        words
            .commands
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| !name.contains('|') && !has_subcommands(name))
            .collect()
    };
    let name = any_case(prop_oneof![1 => select(known), 1 => any_of(words)].boxed());
    let sign = prop_oneof![3 => Just('+'), 2 => Just('-')];
    let selectors = words.selectors;
    let command = (sign.clone(), name).prop_map(move |(sign, name)| {
        // 6.2 has no `-command|subcommand`.
        let sign = if name.contains('|') && !selectors { '+' } else { sign };
        format!("{sign}{name}")
    });
    let category =
        (sign, any_case(prop_oneof![20 => select(words.categories.clone()), 1 => Just("all".to_owned())].boxed()));
    let first = (any_case(select(tops).boxed()), select(&["a", "k1", "0", "x", "GET", "1"][..]));
    let pattern = || {
        words_of(&[
            "*", "k*", "k1", "k?", "k[12]", "k[^1]", "k[2-1]", "[", "k\\1", "**", "", "K1", "a", "c*", "news", "?",
            "k[", "x*", "k[1", "\\", "k\\", "*1", "0", "get",
        ])
    };
    let keys = prop_oneof![
        6 => pattern().prop_map(|pattern| format!("~{pattern}")),
        1 => words_of(&["allkeys", "AllKeys"]),
        3 => words_of(&["resetkeys", "RESETKEYS"]),
    ];
    let channels = prop_oneof![
        5 => pattern().prop_map(|pattern| format!("&{pattern}")),
        1 => words_of(&["allchannels"]),
        3 => words_of(&["resetchannels"]),
    ];
    let mut kinds = vec![
        (9, command.boxed()),
        (7, category.prop_map(|(sign, name)| format!("{sign}@{name}")).boxed()),
        (2, first.prop_map(|(name, argument)| format!("+{name}|{argument}")).boxed()),
        (1, words_of(&["allcommands", "nocommands", "+@all", "-@all", "NoCommands"])),
        (3, keys.boxed()),
        (3, channels.boxed()),
    ];
    if words.selectors {
        let permission = select(&["R", "W", "RW", "WR", "r", "w", "rW"][..]);
        kinds.push((
            4,
            (permission, pattern()).prop_map(|(permission, pattern)| format!("%{permission}~{pattern}")).boxed(),
        ));
    }
    if words.databases {
        kinds.push((
            2,
            words_of(&["db=0", "db=1", "db=0,3", "db=15,0", "db=16", "alldbs", "resetdbs", "db=7", "DB=0", "AllDbs"]),
        ));
    }
    proptest::strategy::Union::new_weighted(kinds).boxed()
}

/// Shapes of commands whose keys take code, or more than a first, a last and a step, to find. `k` is a key, `c` a
/// channel, `n` a count that may be wrong, `w` any word, `d` a database; all else stands for itself.
const SHAPES: &[&str] = &[
    "set k w GET",
    "set k w",
    "set k w NX GET",
    "set k w EX 10 get",
    "set k w KEEPTTL",
    "set k w EX GET",
    "set k GET w",
    "set k w w w",
    "bitfield k GET u8 0",
    "bitfield k SET u8 0 1",
    "bitfield k",
    "bitfield k OVERFLOW WRAP GET u8 0",
    "bitfield k GET u8 0 INCRBY u8 0 1",
    "bitfield k OVERFLOW",
    "bitfield k w w w",
    "bitfield k GET u8",
    "bitfield_ro k GET u8 0",
    "sort k",
    "sort k STORE k",
    "sort k BY w GET w LIMIT 0 1 STORE k",
    "sort k STORE",
    "sort k BY STORE k",
    "sort k GET STORE STORE k",
    "sort k STORE k STORE k",
    "sort k LIMIT STORE k",
    "sort k ALPHA DESC STORE k",
    "sort k w k",
    "sort_ro k",
    "sort_ro k BY w GET w",
    "sort_ro k BY w STORE k",
    "sort k by k",
    "sort k GET # GET k",
    "sort k LIMIT 0 STORE k",
    "georadius k 1 1 1 m",
    "georadius k 1 1 1 m STORE k",
    "georadius k 1 1 1 m STOREDIST k",
    "georadius k 1 1 1 m STORE k STOREDIST k",
    "georadius k 1 1 1 m COUNT 1 STORE",
    "georadius k 1 1 1 STORE k",
    "georadius k 1 1 1 m WITHDIST STORE k",
    "georadiusbymember k w 1 m STORE k",
    "georadiusbymember k w 1 m",
    "georadiusbymember k w STORE k",
    "georadius_ro k 1 1 1 m",
    "georadiusbymember_ro k w 1 m",
    "geosearchstore k k FROMMEMBER w BYRADIUS 1 m",
    "georadius k 1 1 1 m store k storedist k",
    "migrate h 1 k 0 1",
    "migrate h 1 \"\" 0 1 KEYS k k",
    "migrate h 1 k 0 1 KEYS k",
    "migrate h 1 \"\" 0 1",
    "migrate h 1 \"\" 0 1 KEYS",
    "migrate h 1 \"\" 0 1 COPY REPLACE KEYS k",
    "migrate h 1 \"\" 0 1 AUTH KEYS KEYS k",
    "migrate h 1 \"\" 0 1 AUTH2 KEYS KEYS KEYS k k",
    "migrate h 1 \"\" 0 1 AUTH w",
    "migrate h 1 \"\" 0 1 AUTH2 w KEYS k",
    "migrate h 1 \"\" d 1 keys k k",
    "migrate h 1 \"\" 0 1 w KEYS k",
    "eval s n k k",
    "eval s n",
    "eval s n k k k",
    "evalsha s n k",
    "eval_ro s n k k",
    "evalsha_ro s n k",
    "fcall f n k k",
    "fcall_ro f n k",
    "eval w w k",
    "eval s n w",
    "xread STREAMS k 0",
    "xread COUNT 1 BLOCK 0 STREAMS k k 0 0",
    "xread STREAMS k",
    "xread STREAMS k k 0",
    "xread COUNT STREAMS k 0",
    "xread STREAMS STREAMS k 0 0 0",
    "xread w k 0",
    "xreadgroup GROUP g c STREAMS k >",
    "xreadgroup GROUP g c NOACK COUNT 1 STREAMS k k > >",
    "xreadgroup GROUP STREAMS STREAMS STREAMS k >",
    "xreadgroup w w w w k >",
    "xread BLOCK 1 streams k k k 0 0 0",
    "xread COUNT 1 COUNT 2 STREAMS k 0",
    "zunionstore k n k k",
    "zunionstore k n k k k WEIGHTS 1 2",
    "zinterstore k n k",
    "zdiffstore k n k k",
    "zunion n k k",
    "zinter n k",
    "zdiff n k k",
    "zintercard n k k",
    "sintercard n k k",
    "lmpop n k LEFT",
    "lmpop n k k LEFT",
    "blmpop 0 n k LEFT",
    "zmpop n k MIN",
    "bzmpop 0 n k k MIN",
    "zunionstore k n w",
    "zrangestore k k 0 -1",
    "msetex n k w k w",
    "msetex n k w",
    "mset k w",
    "mset k w k w",
    "mset k w k",
    "msetnx k w k w",
    "mget k k k",
    "del k k",
    "bitop AND k k k",
    "bitop NOT k k",
    "rename k k",
    "copy k k",
    "copy k k DB d",
    "copy k k REPLACE DB d",
    "copy k k DB",
    "copy k k DB x",
    "move k d",
    "select d",
    "select x",
    "swapdb d d",
    "smove k k w",
    "lmove k k LEFT RIGHT",
    "rpoplpush k k",
    "brpoplpush k k 0",
    "blmove k k LEFT LEFT 0",
    "blpop k k 0",
    "pfmerge k k k",
    "pfcount k k",
    "sinterstore k k k",
    "sunion k k",
    "object encoding k",
    "object help",
    "memory usage k",
    "memory usage k SAMPLES 5",
    "debug object k",
    "debug sleep 0",
    "xgroup create k g $",
    "xinfo stream k",
    "xinfo help",
    "stralgo LCS KEYS k k",
    "stralgo LCS STRINGS k k",
    "stralgo LCS k k",
    "lcs k k",
    "publish c w",
    "publish k w",
    "spublish c w",
    "subscribe c c",
    "psubscribe c",
    "psubscribe k* c",
    "ssubscribe c c",
    "unsubscribe c",
    "punsubscribe c",
    "sunsubscribe c",
    "pubsub channels",
    "pubsub numsub c",
    "pubsub shardnumsub c",
    "client kill w",
    "client list",
    "config get w",
    "config set w w",
    "acl whoami",
    "acl dryrun w get k",
    "cluster keyslot k",
    "cluster info",
    "cluster flushslot",
    "command getkeys get k",
    "command info get",
    "restore k 0 w",
    "latency histogram",
    "function load w",
    "script load w",
    "auth w",
    "auth w w",
    "hello",
    "hello 3",
    "quit",
    "reset",
    "multi",
    "exec",
    "discard",
    "watch k k",
    "flushall",
    "flushdb",
    "scan 0",
    "keys k*",
    "dbsize",
    "randomkey",
    "get k",
    "getex k",
    "getdel k",
    "append k w",
    "expire k 1",
    "ttl k",
    "delex k",
    "delifeq k w",
    "hsetex k FIELDS 1 f w",
    "hgetex k FIELDS 1 f",
    "setrange k 0 w",
    "strlen k",
    "type k",
    "exists k k",
    "touch k",
    "unlink k k",
    "nosuch",
    "nosuch k",
    "config nosuch",
    "config",
    "config|get w",
    "get|k",
    "",
    "object nosuch k",
    "client",
    "acl nosuch w",
    "get",
    "get k k",
    "xgroup",
];

/// The same for a Sentinel.
const SENTINEL_SHAPES: &[&str] = &[
    "publish c w",
    "publish __sentinel__:hello w",
    "subscribe c c",
    "subscribe +switch-master",
    "psubscribe c",
    "psubscribe * c",
    "unsubscribe c",
    "punsubscribe c",
    "sentinel masters",
    "sentinel master w",
    "sentinel set w quorum n",
    "sentinel set w w",
    "sentinel monitor w w n",
    "sentinel monitor w w n n",
    "sentinel get-master-addr-by-name w",
    "sentinel get-primary-addr-by-name w",
    "sentinel failover w",
    "sentinel failover w COORDINATED",
    "sentinel config get",
    "sentinel config get *",
    "sentinel config get * w",
    "sentinel config",
    "sentinel remove w",
    "sentinel reset w",
    "sentinel nosuch",
    "sentinel",
    "sentinel|masters",
    "SENTINEL Master w",
    "ping",
    "ping w",
    "ping w w",
    "role",
    "info",
    "info sentinel",
    "hello",
    "hello 3",
    "auth w",
    "auth w w",
    "quit",
    "reset",
    "shutdown",
    "shutdown nosave",
    "client list",
    "client kill w",
    "client id",
    "client no-touch on",
    "client setname w",
    "client setinfo lib-name w",
    "acl whoami",
    "acl list",
    "acl setuser w on",
    "acl dryrun w get k",
    "command count",
    "command getkeys get k",
    "command",
    "config get w",
    "get k",
    "keys *",
    "nosuch",
    "",
];

/// A command with its arguments.
fn command(words: &Words) -> BoxedStrategy<Vec<String>> {
    let key = words_of(&["k1", "k2", "k3", "K1", "a", "x1", "", "k[", "*", "kk", "0", "k 1", "\\", "get"]);
    let channel = words_of(&["c1", "news", "c*", "k1", "*", "", "a", "News"]);
    let count = words_of(&[
        "1",
        "2",
        "1",
        "2",
        "0",
        "3",
        "-1",
        "x",
        "1000000",
        "",
        "9223372036854775808",
        " 1",
        "01",
        "2147483648",
        "+1",
    ]);
    let word = prop_oneof![
        3 => words_of(&["k1", "a", "0", "1", "x", "GET", "k2", ""]),
        1 => words_of(&["STORE", "KEYS", "STREAMS", "u8", "get", "NX", "Set", "COUNT", "BY", "LIMIT", "IDX", "DB", "incrby", "#", "AUTH"]),
    ];
    let database = words_of(&["0", "1", "3", "15", "16", "-1", "x", ""]);
    let picks = || {
        let one = (key.clone(), channel.clone(), count.clone(), word.clone(), database.clone());
        prop::collection::vec(one, 12)
    };
    // A Sentinel has few of the commands; some that it lacks are among its own shapes.
    let shapes = match words.sentinel {
        true => SENTINEL_SHAPES,
        false => SHAPES,
    };
    let shape = (select(shapes), picks()).prop_map(|(shape, picks)| {
        let mut words: Vec<String> = shape.split(' ').map(str::to_owned).collect();
        for (word, pick) in words.iter_mut().skip(1).zip(picks) {
            let (key, channel, count, any, database) = pick;
            match word.as_str() {
                "k" => *word = key,
                "c" => *word = channel,
                "n" => *word = count,
                "w" => *word = any,
                "d" => *word = database,
                "\"\"" => word.clear(),
                _ => {}
            }
        }
        words
    });
    // Every command with random arguments, rarely too few. A command with keys takes what it gets for keys.
    let argument = prop_oneof![5 => key.clone(), 1 => channel.clone(), 1 => count.clone(), 2 => word.clone().boxed()];
    let plain = (select(words.commands.clone()), 0_i64..=3, prop::collection::vec(argument, 14), 0_u8..20).prop_map(
        |((name, arity), more, arguments, short)| {
            let mut words: Vec<String> = name.split('|').map(str::to_owned).collect();
            let wanted = if arity >= 0 { arity } else { -arity + more } - i64::from(short == 0);
            let missing = usize::try_from(wanted).unwrap_or(0).saturating_sub(words.len());
            words.extend(arguments.into_iter().take(missing));
            words
        },
    );
    let cased = prop_oneof![1 => shape.boxed(), 1 => plain.boxed()];
    (cased, 0_u8..8, 0_u8..8)
        .prop_map(|(mut words, first, second)| {
            let upper = |word: &mut String, how: u8| {
                if how == 7 {
                    *word = word.to_uppercase();
                }
            };
            if let [name, rest @ ..] = words.as_mut_slice() {
                upper(name, first);
                if let Some(sub) = rest.first_mut().filter(|_| name.len() > 3 && second == 7) {
                    let known = ["get", "set", "list", "create", "help", "load", "usage", "encoding", "object"];
                    upper(sub, if known.contains(&sub.as_str()) { 7 } else { 0 });
                }
            }
            words
        })
        .boxed()
}
