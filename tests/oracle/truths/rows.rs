//! The truths, one test each.

use super::{Does::*, On, Truth};

const EMPTY: Truth = Truth { conf: "", files: &[], args: &[], does: &[], check: None };

macro_rules! truths {
    ($($(#[doc = $doc:literal])* $name:ident: $truth:expr;)*) => {
        /// All, by name.
        pub const ALL: &[(&str, Truth)] = &[$((stringify!($name), $truth)),*];

        $($(#[doc = $doc])* #[test] fn $name() { $truth.holds(concat!(module_path!(), "::", stringify!($name)).split_once("::").map_or("", |(_, path)| path)); })*
    };
}

const USERS: &[(&str, &str)] = &[("users.acl", "user alice on >pw ~* &* +@all\n")];

truths! {
    // The table of ground truths.

    /// An ACL file without `user default` makes `requirepass` void.
    requirepass_beside_an_acl_file: Truth {
        conf: "bind 127.0.0.1\nrequirepass secret\naclfile users.acl", files: USERS,
        does: &[(On::All, Answers(&[("loopback", "PING", "PONG"), ("loopback", "CONFIG GET requirepass", "requirepass secret")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    /// Even an empty one.
    requirepass_beside_an_empty_acl_file: Truth {
        conf: "bind 127.0.0.1\nrequirepass secret\naclfile users.acl", files: &[("users.acl", "")],
        does: &[(On::All, Answers(&[("loopback", "PING", "PONG")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    requirepass_before_a_default_user_without_password: Truth {
        conf: "bind 127.0.0.1\nrequirepass secret\nuser default on nopass ~* &* +@all",
        does: &[(On::All, Answers(&[("loopback", "PING", "PONG")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    requirepass_after_a_default_user_without_password: Truth {
        conf: "bind 127.0.0.1\nuser default on nopass ~* &* +@all\nrequirepass secret",
        does: &[(On::All, Answers(&[("loopback", "PING", "PONG"), ("loopback", "FLUSHALL", "OK")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    requirepass_beside_a_password_of_the_default_user: Truth {
        conf: "bind 127.0.0.1\nuser default on >bar ~* &* +@all\nrequirepass foo",
        does: &[(On::All, Answers(&[("loopback", "AUTH foo", "-WRONGPASS"), ("loopback", "AUTH bar", "OK"), ("loopback", "PING", "PONG")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    requirepass_beside_a_default_user_without_any: Truth {
        conf: "bind 127.0.0.1\nuser default on ~* &* +@all\nrequirepass foo",
        does: &[(On::All, Answers(&[("loopback", "PING", "-NOAUTH"), ("loopback", "AUTH foo", "-WRONGPASS")]))],
        check: Some("redis/requirepass-void"), ..EMPTY
    };
    an_empty_requirepass_is_none: Truth {
        conf: "bind 127.0.0.1\nrequirepass secret\nrequirepass \"\"",
        does: &[(On::All, Answers(&[("loopback", "PING", "PONG")]))], ..EMPTY
    };
    a_default_user_off_without_password_is_closed: Truth {
        conf: "bind 127.0.0.1\nuser default off nopass ~* &* +@all",
        does: &[(On::All, Answers(&[("loopback", "PING", "-NOAUTH"), ("loopback", "AUTH default x", "-WRONGPASS")]))], ..EMPTY
    };
    a_reference_is_the_password_itself: Truth {
        conf: "bind 127.0.0.1\nrequirepass ${REDIS_PASSWORD}",
        does: &[(On::All, Answers(&[("loopback", "PING", "-NOAUTH"), ("loopback", "AUTH ${REDIS_PASSWORD}", "OK")]))],
        check: Some("redis/password-is-a-reference"), ..EMPTY
    };
    a_comment_after_a_value_is_refused: Truth {
        conf: "bind 127.0.0.1\nrequirepass secret # prod", does: &[(On::All, Refuses("wrong number of arguments"))],
        check: Some("redis/will-not-start"), ..EMPTY
    };
    names_in_any_case_and_indented: Truth {
        conf: "   BIND 127.0.0.1\n\tProtected-Mode NO",
        does: &[(On::All, Answers(&[("loopback", "CONFIG GET bind", "bind 127.0.0.1"), ("loopback", "CONFIG GET protected-mode", "protected-mode no")]))],
        ..EMPTY
    };
    the_last_bind_wins: Truth {
        conf: "bind 127.0.0.1\nbind 127.0.0.1 {OWN}", does: &[(On::All, Listens(&["127.0.0.1:{PORT}", "{OWN}:{PORT}"]))], ..EMPTY
    };
    users_beside_an_acl_file_are_refused: Truth {
        conf: "bind 127.0.0.1\naclfile users.acl\nuser bob on >pw", files: USERS, does: &[(On::All, Refuses("ACL file path is invalid"))],
        check: Some("redis/will-not-start"), ..EMPTY
    };
    the_same_user_twice: Truth {
        conf: "bind 127.0.0.1\nuser bob on >first ~* +@all\nuser bob on >second ~* +@all",
        does: &[
            (On::Old, Answers(&[("loopback", "AUTH bob first", "-WRONGPASS"), ("loopback", "AUTH bob second", "OK")])),
            (On::Since7, Refuses("Duplicate user")),
        ],
        check: Some("redis/will-not-start"), ..EMPTY
    };
    a_misspelt_directive_is_refused: Truth {
        conf: "bind 127.0.0.1\nrequirepas secret",
        does: &[(On::All, Refuses("requirepas"))], check: Some("redis/will-not-start"), ..EMPTY
    };
    /// As the official image is compiled: protected mode is off unless the file says otherwise.
    protected_mode_off_opens_to_the_network: Truth {
        conf: "protected-mode no", does: &[(On::All, Answers(&[("outside", "PING", "PONG")]))],
        check: Some("redis/open-to-network"), ..EMPTY
    };

    // bind

    no_bind_listens_everywhere_behind_protected_mode: Truth {
        conf: "", does: &[(On::All, Answers(&[("outside", "CONNECT", "-DENIED"), ("loopback", "PING", "PONG")]))],
        check: Some("redis/protected-mode-is-the-only-guard"), ..EMPTY
    };
    an_empty_bind_with_a_socket: Truth {
        conf: "bind \"\"\nunixsocket {DIR}/s",
        does: &[(On::Old, Refuses("Failed listening")), (On::Since7, Answers(&[("unix", "PING", "PONG"), ("loopback", "CONNECT", "~refused")]))],
        ..EMPTY
    };
    an_empty_bind_alone: Truth {
        conf: "bind \"\"", does: &[(On::Old, Refuses("Failed listening")), (On::Since7, Refuses("not listen anywhere"))],
        check: Some("redis/will-not-start"), ..EMPTY
    };
    an_empty_bind_while_running: Truth {
        conf: "bind 127.0.0.1\nunixsocket {DIR}/s",
        does: &[
            (On::Old, Answers(&[("unix", "CONFIG SET bind \"\"", "-ERR"), ("loopback", "PING", "PONG")])),
            (On::Since7, Answers(&[("unix", "CONFIG SET bind \"\"", "OK"), ("loopback", "CONNECT", "~refused")])),
        ],
        ..EMPTY
    };
    a_star_is_ipv4_only: Truth { conf: "bind *", does: &[(On::All, Listens(&["0.0.0.0:{PORT}"]))], check: Some("redis/open-or-guarded"), ..EMPTY };
    two_colons_are_ipv6_only: Truth { conf: "bind ::", does: &[(On::All, Listens(&["[::]:{PORT}"]))], check: Some("redis/open-or-guarded"), ..EMPTY };
    a_name_is_its_ipv4_address: Truth { conf: "bind localhost", does: &[(On::All, Listens(&["127.0.0.1:{PORT}"]))], ..EMPTY };
    a_dash_does_not_excuse_a_name_without_address: Truth {
        conf: "bind 127.0.0.1 -nosuch.invalid", does: &[(On::All, Refuses("nosuch.invalid"))], check: Some("redis/will-not-start"), ..EMPTY
    };
    a_dash_excuses_a_missing_address: Truth {
        conf: "bind 127.0.0.1 -10.255.255.1", does: &[(On::All, Answers(&[("loopback", "PING", "PONG")]))], ..EMPTY
    };
    a_missing_address_without_a_dash: Truth {
        conf: "bind 127.0.0.1 10.255.255.1", does: &[(On::All, Refuses("10.255.255.1"))], ..EMPTY
    };
    only_excused_addresses: Truth {
        conf: "bind -10.255.255.1", does: &[(On::All, Refuses("not listen anywhere"))], ..EMPTY
    };
    overlapping_addresses: Truth {
        conf: "bind * 127.0.0.1", does: &[(On::All, Refuses("Address already in use"))], check: Some("redis/will-not-start"), ..EMPTY
    };
    the_same_address_twice: Truth {
        conf: "bind 127.0.0.1 127.0.0.1", does: &[(On::All, Refuses("Address already in use"))], check: Some("redis/will-not-start"), ..EMPTY
    };
    one_port_with_and_without_tls: Truth {
        conf: "bind 127.0.0.1\ntls-port {PORT}\ntls-cert-file tls/server.crt\ntls-key-file tls/server.key\ntls-ca-cert-file tls/server.crt",
        does: &[(On::Tls, Refuses("Address already in use"))], check: Some("redis/will-not-start"), ..EMPTY
    };
    brackets_are_no_address: Truth { conf: "bind [::]", does: &[(On::All, Refuses("[::]"))], check: Some("redis/will-not-start"), ..EMPTY };
    commas_do_not_separate: Truth { conf: "bind 127.0.0.1,127.0.0.2", does: &[(On::All, Refuses("127.0.0.1,127.0.0.2"))], check: Some("redis/will-not-start"), ..EMPTY };
    a_network_is_no_address: Truth { conf: "bind 127.0.0.0/8", does: &[(On::All, Refuses("127.0.0.0/8"))], check: Some("redis/will-not-start"), ..EMPTY };

    // protected mode

    the_own_outside_address_is_not_local: Truth {
        conf: "bind 127.0.0.1 {OWN}",
        does: &[
            // On 6.2 any bind line switches protected mode off.
            (On::Old, Answers(&[("outside", "PING", "PONG")])),
            (On::Since7, Answers(&[("outside", "CONNECT", "-DENIED"), ("loopback", "PING", "PONG")])),
        ],
        ..EMPTY
    };
    local_gates_refuse_the_outside_address: Truth {
        conf: "bind 127.0.0.1 {OWN}\nrequirepass pw\nenable-debug-command local\nenable-module-command local\nunixsocket {DIR}/s",
        does: &[(On::Since7, Answers(&[
            ("outside", "AUTH pw", "OK"), ("outside", "DEBUG SLEEP 0", "-ERR DEBUG command not allowed"),
            ("outside", "MODULE LOAD /nonexistent.so", "-ERR MODULE command not allowed"),
            ("loopback", "AUTH pw", "OK"), ("loopback", "DEBUG SLEEP 0", "OK"), ("loopback", "MODULE LOAD /nonexistent.so", "-ERR Error loading"),
            ("unix", "AUTH pw", "OK"), ("unix", "DEBUG SLEEP 0", "OK"),
        ]))],
        ..EMPTY
    };
    /// 6.2 has neither gate: whoever may call MODULE LOAD from outside reaches the loader.
    there_are_no_gates_on_6_2: Truth {
        conf: "bind 127.0.0.1 {OWN}\nrequirepass pw",
        does: &[(On::Old, Answers(&[("outside", "AUTH pw", "OK"), ("outside", "MODULE LOAD /nonexistent.so", "-ERR Error loading"), ("outside", "DEBUG SLEEP 0", "OK")]))],
        ..EMPTY
    };
    a_password_of_default_switches_protected_mode_off: Truth {
        conf: "bind 127.0.0.1 {OWN}\nrequirepass pw\nuser open on nopass ~* &* +@all",
        does: &[(On::All, Answers(&[("outside", "PING", "-NOAUTH"), ("outside", "AUTH open anything", "OK"), ("outside", "FLUSHALL", "OK")]))],
        check: Some("redis/user-without-password"), ..EMPTY
    };
    a_default_user_off_without_password_denies_all_from_outside: Truth {
        conf: "user default off nopass\nuser alice on >pw ~* &* +@all",
        does: &[(On::All, Answers(&[("outside", "CONNECT", "-DENIED"), ("loopback", "PING", "-NOAUTH"), ("loopback", "AUTH default x", "-WRONGPASS"), ("loopback", "AUTH alice pw", "OK")]))],
        check: Some("redis/protected-mode-denies-users"), ..EMPTY
    };
    an_unauthenticated_neighbour_opens_the_server: Truth {
        conf: "unixsocket {DIR}/s",
        does: &[(On::All, Answers(&[
            ("outside", "CONNECT", "-DENIED"), ("unix", "CONFIG SET protected-mode no", "OK"), ("outside2", "PING", "PONG"),
            ("loopback", "CONFIG SET protected-mode yes", "OK"), ("outside2", "PING", "PONG"), ("outside3", "CONNECT", "-DENIED"),
        ]))],
        ..EMPTY
    };
    setting_bind_switches_protected_mode_off_on_6_2: Truth {
        conf: "unixsocket {DIR}/s",
        does: &[
            (On::Old, Answers(&[("outside", "CONNECT", "-DENIED"), ("unix", "CONFIG SET bind 0.0.0.0", "OK"), ("outside2", "PING", "PONG")])),
            (On::Since7, Answers(&[("outside", "CONNECT", "-DENIED"), ("unix", "CONFIG SET bind 0.0.0.0", "OK"), ("outside2", "CONNECT", "-DENIED")])),
        ],
        ..EMPTY
    };
    protected_mode_never_limits_the_socket: Truth {
        conf: "bind 127.0.0.1\nunixsocket {DIR}/s\nunixsocketperm 777", does: &[(On::All, Answers(&[("unix", "MODE", "777"), ("unix", "FLUSHALL", "OK")]))],
        check: Some("redis/unix-socket-open-to-others"), ..EMPTY
    };
    socket_permission_is_octal: Truth {
        conf: "bind 127.0.0.1\nunixsocket {DIR}/s\nunixsocketperm 702", does: &[(On::All, Answers(&[("unix", "MODE", "702")]))],
        check: Some("redis/unix-socket-open-to-others"), ..EMPTY
    };

    // sessions and passwords

    sessions_survive_a_new_password: Truth {
        conf: "bind 127.0.0.1",
        does: &[(On::All, Answers(&[
            ("loopback", "PING", "PONG"), ("loopback2", "CONFIG SET requirepass pw", "OK"), ("loopback", "SET k v", "OK"), ("loopback3", "PING", "-NOAUTH"),
        ]))],
        ..EMPTY
    };
    sessions_survive_switching_default_off: Truth {
        conf: "bind 127.0.0.1",
        does: &[(On::All, Answers(&[
            ("loopback", "PING", "PONG"), ("loopback2", "ACL SETUSER default off", "OK"), ("loopback", "SET k v", "OK"), ("loopback3", "PING", "-NOAUTH"),
        ]))],
        ..EMPTY
    };
    a_user_without_password_takes_any: Truth {
        conf: "bind 127.0.0.1\nuser guest on nopass +ping",
        does: &[(On::All, Answers(&[
            ("loopback", "AUTH default anything", "OK"), ("loopback", "AUTH default \"\"", "OK"), ("loopback", "HELLO 2 AUTH default x", "server"),
            ("loopback", "AUTH guest whatever", "OK"), ("loopback", "GET k", "-NOPERM"),
        ]))],
        check: Some("redis/user-without-password"), ..EMPTY
    };
    hello_tells_nothing_before_authentication: Truth {
        conf: "bind 127.0.0.1\nrequirepass pw\nuser sleeper off >pw",
        does: &[(On::All, Answers(&[
            ("loopback", "HELLO", "-NOAUTH"), ("loopback", "AUTH nobody x", "-WRONGPASS"), ("loopback", "AUTH sleeper pw", "-WRONGPASS"),
            ("loopback", "AUTH default x", "-WRONGPASS"),
        ]))],
        ..EMPTY
    };
    commands_can_be_probed_before_authentication: Truth {
        conf: "bind 127.0.0.1\nrequirepass pw\nrename-command FLUSHALL wipe",
        does: &[
            (On::Valkey9, Answers(&[("loopback", "NOSUCH", "-NOAUTH"), ("loopback", "GET", "-NOAUTH"), ("loopback", "wipe", "-NOAUTH")])),
            (On::NotValkey9, Answers(&[
                ("loopback", "NOSUCH", "-ERR unknown command"), ("loopback", "GET", "-ERR wrong number"), ("loopback", "FLUSHALL", "-ERR unknown command"),
                ("loopback", "wipe", "-NOAUTH"),
            ])),
        ],
        ..EMPTY
    };
    a_default_user_without_commands_shows_the_version: Truth {
        conf: "bind 127.0.0.1\nuser default on nopass -@all",
        does: &[(On::All, Answers(&[("loopback", "HELLO", "~version"), ("loopback", "PING", "-NOPERM"), ("loopback", "GET k", "-NOPERM")]))],
        ..EMPTY
    };
    resetting_needs_no_login_since_7: Truth {
        conf: "bind 127.0.0.1\nrequirepass pw", does: &[(On::Since7, Answers(&[("loopback", "RESET", "RESET")])), (On::Old, Answers(&[("loopback", "RESET", "")]))], ..EMPTY
    };
    the_acl_log_knows_failed_logins_only: Truth {
        conf: "bind 127.0.0.1\nrequirepass pw",
        does: &[(On::All, Answers(&[
            ("loopback", "GET k", "-NOAUTH"), ("loopback2", "AUTH pw", "OK"), ("loopback2", "ACL LOG", ""), ("loopback", "AUTH nobody wrong", "-WRONGPASS"),
            ("loopback", "AUTH nobody wrong", "-WRONGPASS"), ("loopback2", "ACL LOG", "count 2 reason auth"), ("loopback2", "ACL LOG", "~username nobody"),
        ]))],
        ..EMPTY
    };

    // what users can do

    scripts_cannot_configure: Truth {
        conf: "bind 127.0.0.1",
        does: &[(On::All, Answers(&[
            ("loopback", "EVAL \"return redis.call('config','get','*')\" 0", "~not allowed from script"),
            ("loopback", "EVAL \"return redis.call('acl','list')\" 0", "~not allowed from script"),
            ("loopback", "EVAL \"return redis.call('debug','sleep','0')\" 0", "~not allowed from script"),
        ]))],
        ..EMPTY
    };
    scripts_have_the_rights_of_their_caller: Truth {
        conf: "bind 127.0.0.1\nuser lua on >pw ~* +eval +get",
        does: &[(On::All, Answers(&[
            ("loopback", "AUTH lua pw", "OK"), ("loopback", "EVAL \"return redis.call('get','k')\" 0", "nil"),
            ("loopback", "EVAL \"return redis.call('flushall')\" 0", "-"), ("loopback", "EVAL \"return redis.call('keys','*')\" 0", "-"),
            ("loopback", "EVAL \"return redis.call('info')\" 0", "-"),
        ]))],
        check: Some("redis/user-may-run-scripts"), ..EMPTY
    };
    without_dangerous_scripts_remain: Truth {
        conf: "bind 127.0.0.1\nuser app on >pw ~* +@all -@dangerous",
        does: &[
            (On::Old, Answers(&[("loopback", "AUTH app pw", "OK"), ("loopback", "EVAL \"return 1\" 0", "1"), ("loopback", "SCRIPT FLUSH", "OK"), ("loopback", "CONFIG GET *", "-NOPERM")])),
            (On::Since7, Answers(&[
                ("loopback", "AUTH app pw", "OK"), ("loopback", "EVAL \"return 1\" 0", "1"), ("loopback", "SCRIPT FLUSH", "OK"), ("loopback", "CONFIG GET *", "-NOPERM"),
                ("loopback", "FUNCTION LOAD \"#!lua name=x\nredis.register_function('f', function() return 1 end)\"", "x"),
            ])),
        ],
        check: Some("redis/user-may-run-scripts"), ..EMPTY
    };
    without_key_patterns_much_remains: Truth {
        conf: "bind 127.0.0.1\nuser keyless on >pw +@all",
        does: &[
            (On::Old, Answers(&[
                ("loopback", "SET k v", "OK"), ("loopback2", "AUTH keyless pw", "OK"), ("loopback2", "KEYS *", "k"), ("loopback2", "SCAN 0", "0 k"), ("loopback2", "DBSIZE", "1"),
                ("loopback2", "RANDOMKEY", "k"), ("loopback2", "GET k", "-NOPERM"), ("loopback2", "SET k v", "-NOPERM"), ("loopback2", "TYPE k", "-NOPERM"), ("loopback2", "COPY k l", "-NOPERM"),
                ("loopback2", "DEBUG OBJECT k", "Value at"), ("loopback2", "SWAPDB 0 1", "OK"), ("loopback2", "FLUSHALL", "OK"), ("loopback2", "ACL SETUSER keyless ~*", "OK"), ("loopback2", "GET k", "nil"),
            ])),
            (On::Since7, Answers(&[
                ("loopback", "SET k v", "OK"), ("loopback2", "AUTH keyless pw", "OK"), ("loopback2", "KEYS *", "k"), ("loopback2", "SCAN 0", "0 k"), ("loopback2", "DBSIZE", "1"),
                ("loopback2", "RANDOMKEY", "k"), ("loopback2", "GET k", "-NOPERM"), ("loopback2", "SET k v", "-NOPERM"), ("loopback2", "TYPE k", "-NOPERM"), ("loopback2", "COPY k l", "-NOPERM"),
                ("loopback2", "EVAL \"return redis.call('keys','*')\" 0", "k"), ("loopback2", "SWAPDB 0 1", "OK"), ("loopback2", "FLUSHALL", "OK"),
                ("loopback2", "ACL SETUSER keyless ~*", "OK"), ("loopback2", "GET k", "nil"),
            ])),
        ],
        check: Some("redis/user-escapes-key-patterns"), ..EMPTY
    };
    renaming_changes_no_rule: Truth {
        conf: "bind 127.0.0.1\nrename-command CONFIG xcfg\nuser blind on >pw ~* +@all -config\nuser ops on >pw -@all +config|get",
        does: &[(On::All, Answers(&[
            ("loopback", "AUTH blind pw", "OK"), ("loopback", "xcfg GET port", "-NOPERM"), ("loopback", "AUTH ops pw", "OK"), ("loopback", "xcfg GET port", "port"),
        ]))],
        ..EMPTY
    };
    renaming_is_unknown_to_rules: Truth {
        conf: "bind 127.0.0.1\nrename-command CONFIG xcfg\nuser ops on >pw +xcfg", does: &[(On::All, Refuses("xcfg"))],
        check: Some("redis/will-not-start"), ..EMPTY
    };

    // Sentinel

    sentinel_is_open_by_default: Truth {
        conf: "", args: &["--sentinel"],
        does: &[(On::All, Answers(&[
            ("outside", "PING", "PONG"), ("outside", "SENTINEL MONITOR prey 127.0.0.1 1 1", "OK"), ("outside", "SENTINEL SET prey quorum 2", "OK"),
            ("outside", "SENTINEL SET prey notification-script /bin/sh", "-ERR"), ("outside", "SENTINEL REMOVE prey", "OK"), ("outside", "ACL SETUSER x on", "OK"),
        ]))],
        check: Some("sentinel/open-to-network"), ..EMPTY
    };
    sentinel_with_protected_mode: Truth {
        conf: "protected-mode yes", args: &["--sentinel"],
        does: &[(On::All, Answers(&[("outside", "CONNECT", "-DENIED"), ("loopback", "PING", "PONG")]))], ..EMPTY
    };
    sentinel_with_protected_mode_and_bind: Truth {
        conf: "protected-mode yes\nbind 127.0.0.1 {OWN}", args: &["--sentinel"],
        does: &[(On::Old, Answers(&[("outside", "PING", "PONG")])), (On::Since7, Answers(&[("outside", "CONNECT", "-DENIED")]))], ..EMPTY
    };

    sentinel_believes_a_hello: Truth {
        conf: "bind 127.0.0.1\nsentinel monitor prey 127.0.0.1 1 1", args: &["--sentinel"],
        does: &[(On::All, Answers(&[
            ("loopback", "PUBLISH other x", "-ERR"), ("loopback", "SENTINEL GET-MASTER-ADDR-BY-NAME prey", "127.0.0.1 1"),
            ("loopback", "PUBLISH __sentinel__:hello 127.0.0.1,26000,0123456789012345678901234567890123456789,100,prey,127.6.6.6,1,100", "1"),
            ("loopback", "SENTINEL GET-MASTER-ADDR-BY-NAME prey", "127.6.6.6 1"),
        ]))],
        ..EMPTY
    };
    sentinel_runs_what_it_is_told: Truth {
        conf: "bind 127.0.0.1\nsentinel monitor prey 127.0.0.1 1 1\nsentinel deny-scripts-reconfig no", args: &["--sentinel"],
        does: &[(On::All, Answers(&[("loopback", "SENTINEL SET prey notification-script /bin/sh", "OK")]))], ..EMPTY
    };
    sentinel_tells_its_password: Truth {
        conf: "bind 127.0.0.1\nsentinel sentinel-pass geheim", args: &["--sentinel"],
        does: &[(On::All, Answers(&[("loopback", "SENTINEL CONFIG GET sentinel-pass", "sentinel-pass geheim")]))], ..EMPTY
    };
    sentinel_users_have_its_commands: Truth {
        conf: "bind 127.0.0.1\nsentinel monitor prey 127.0.0.1 1 1\nuser watcher on >pw +sentinel|masters", args: &["--sentinel"],
        does: &[(On::All, Answers(&[
            ("loopback", "AUTH watcher pw", "OK"), ("loopback", "SENTINEL MASTERS", "name prey"), ("loopback", "SENTINEL REMOVE prey", "-NOPERM"),
            ("loopback", "CONFIG GET port", "-ERR unknown command"),
        ]))],
        ..EMPTY
    };
    sentinel_refuses_rules_about_other_commands: Truth {
        conf: "bind 127.0.0.1\nuser app on >pw +get", args: &["--sentinel"], does: &[(On::All, Refuses("+get"))],
        check: Some("sentinel/will-not-start"), ..EMPTY
    };
    sentinel_knows_no_config_to_rename: Truth {
        conf: "bind 127.0.0.1\nrename-command CONFIG \"\"", args: &["--sentinel"],
        does: &[(On::All, Refuses("No such command in rename-command"))],
        check: Some("sentinel/will-not-start"), ..EMPTY
    };

    // TLS and the cluster's bus

    the_bus_of_a_tls_only_cluster_is_plain: Truth {
        conf: "bind 127.0.0.1\nunixsocket {DIR}/s\ncluster-enabled yes\nport 0\ntls-port {PORT}\ntls-cert-file tls/server.crt\ntls-key-file tls/server.key\ntls-ca-cert-file tls/server.crt",
        does: &[(On::Tls, Listens(&["127.0.0.1:{PORT}", "127.0.0.1:10000"]))], ..EMPTY
    };
    tls_port_leaves_the_port_open: Truth {
        conf: "bind 127.0.0.1\ntls-port {PORT2}\ntls-cert-file tls/server.crt\ntls-key-file tls/server.key\ntls-ca-cert-file tls/server.crt",
        does: &[(On::Tls, Answers(&[("loopback", "PING", "PONG")]))], ..EMPTY
    };
}
