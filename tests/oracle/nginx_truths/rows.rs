//! The truths, in the order of the things that they are about.

use super::Want::*;
use super::{Step, Truth};

const NONE: Truth = Truth { http: "", files: &[], refuses: None, steps: &[] };

/// A small site, with what should not be served.
const SITE: &[(&str, &str)] = &[
    ("site/index.html", "the page\n"),
    ("site/page.html", "another page\n"),
    ("site/notes.txt", "notes\n"),
    ("site/index.php", "<?php\n"),
    ("site/uploads/shell.php", "<?php shell\n"),
    ("site/uploads/a.jpg", "a picture\n"),
    ("site/admin/x.txt", "an admin's secret\n"),
    ("site/static/app.js", "a script\n"),
    ("site/static/.git/config", "the repository\n"),
    ("site/.git/config", "the repository\n"),
    ("site/.env", "a password\n"),
    ("site/.htaccess", "rules\n"),
    ("site/.well-known/security.txt", "contact\n"),
    ("settings.py", "a secret key\n"),
    ("statictwo/x.txt", "a neighbour's file\n"),
    ("static/x.txt", "a file\n"),
];

/// Declares one test for each truth.
macro_rules! truths {
    ($($name:ident: $truth:expr;)*) => { $(#[test] fn $name() { ($truth).holds() })* };
}

truths! {
    // Headers: what a level sets replaces what the level above set.
    add_header_in_a_location_drops_the_servers: Truth {
        http: "server { listen {PORT}; add_header Strict-Transport-Security \"max-age=63072000\" always; add_header X-Frame-Options DENY always; add_header X-Content-Type-Options nosniff always;
            location / { proxy_pass http://127.0.0.1:{UP}; }
            location /api/ { add_header X-Cache-Status x$upstream_cache_status; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /", "200", &[Header("X-Frame-Options", &["DENY"]), Header("Strict-Transport-Security", &["max-age=63072000"])]),
            Step("GET a.example /api/x", "200", &[Header("X-Cache-Status", &["x"]), Header("X-Frame-Options", &[]), Header("X-Content-Type-Options", &[]), Header("Strict-Transport-Security", &[])]),
            Step("GET a.example /api/x", "500", &[Status(500), Header("X-Cache-Status", &[]), Header("X-Frame-Options", &[])]),
        ], ..NONE
    };
    a_snippet_included_in_the_location_keeps_them: Truth {
        http: "server { listen {PORT}; include snippets/headers.conf;
            location /api/ { include snippets/headers.conf; add_header X-Api 1; proxy_pass http://127.0.0.1:{UP}; } }",
        files: &[("snippets/headers.conf", "add_header X-Frame-Options DENY always;\n")],
        steps: &[Step("GET a.example /api/x", "200", &[Header("X-Frame-Options", &["DENY"]), Header("X-Api", &["1"])])], ..NONE
    };
    old_versions_do_not_know_add_header_inherit: Truth {
        http: "server { listen {PORT}; add_header X-Frame-Options DENY; add_header_inherit merge; }",
        refuses: Some("unknown directive \"add_header_inherit\""), ..NONE
    };
    a_header_of_http_is_gone_once_the_server_has_one: Truth {
        http: "add_header X-Frame-Options DENY; server { listen {PORT}; add_header X-A 1; location / { return 200; } }",
        steps: &[Step("GET a.example /", "", &[Header("X-A", &["1"]), Header("X-Frame-Options", &[])])], ..NONE
    };
    without_always_error_pages_have_no_header: Truth {
        http: "server { listen {PORT}; root {DIR}/site; add_header X-Frame-Options DENY; add_header X-Always 1 always;
            location /denied { deny all; } location /moved { return 301 /; } location /up { proxy_pass http://127.0.0.1:{UP}; } }",
        files: SITE,
        steps: &[
            Step("GET a.example /page.html", "", &[Status(200), Header("X-Frame-Options", &["DENY"]), Header("X-Always", &["1"])]),
            Step("GET a.example /moved", "", &[Status(301), Header("X-Frame-Options", &["DENY"])]),
            Step("GET a.example /missing", "", &[Status(404), Header("X-Frame-Options", &[]), Header("X-Always", &["1"])]),
            Step("GET a.example /denied", "", &[Status(403), Header("X-Frame-Options", &[]), Header("X-Always", &["1"])]),
            Step("GET a.example /up", "500", &[Status(500), Header("X-Frame-Options", &[]), Header("X-Always", &["1"])]),
        ], ..NONE
    };
    headers_of_a_location_are_lost_where_try_files_ends_in_another: Truth {
        http: "server { listen {PORT}; root {DIR}/site;
            location / { add_header X-Frame-Options DENY always; try_files $uri /index.php?$args; }
            location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } }",
        files: SITE,
        steps: &[
            Step("GET a.example /page.html", "", &[Header("X-Frame-Options", &["DENY"]), NotAsked]),
            Step("GET a.example /some/page?a=1", "200", &[Asked, Header("X-Frame-Options", &[])]),
        ], ..NONE
    };
    an_error_page_has_the_headers_of_its_own_location: Truth {
        http: "server { listen {PORT}; root {DIR}/site; error_page 503 /page.html;
            location /x { add_header X-Frame-Options DENY always; return 503; } location = /page.html { add_header X-Page 1 always; } }",
        files: SITE,
        steps: &[Step("GET a.example /x", "", &[Status(503), Header("X-Page", &["1"]), Header("X-Frame-Options", &[])])], ..NONE
    };
    an_index_has_the_headers_of_the_location_it_ends_in: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location / { add_header X-Frame-Options DENY; } location ~ \\.html$ { add_header X-Html 1; } }",
        files: SITE,
        steps: &[Step("GET a.example /", "", &[Status(200), Header("X-Html", &["1"]), Header("X-Frame-Options", &[])])], ..NONE
    };
    if_with_a_header_drops_the_locations: Truth {
        http: "server { listen {PORT}; location / { add_header X-Frame-Options DENY always;
            if ($request_method = OPTIONS) { add_header Access-Control-Allow-Methods GET; return 204; }
            if ($arg_plain) { return 204; } return 200; } }",
        steps: &[
            Step("OPTIONS a.example /", "", &[Status(204), Header("Access-Control-Allow-Methods", &["GET"]), Header("X-Frame-Options", &[])]),
            Step("GET a.example /?plain=1", "", &[Status(204), Header("X-Frame-Options", &["DENY"])]),
        ], ..NONE
    };
    // What is written is not always what it looks like.
    a_missing_semicolon_swallows_the_next_line: Truth {
        http: "server { listen {PORT};\nserver_name example.com\nadd_header X-Frame-Options DENY always;\nlocation / { return 200; } }",
        steps: &[
            Step("GET example.com /", "", &[Status(200), Header("X-Frame-Options", &[])]),
            Step("GET deny /", "", &[Status(200)]),
        ], ..NONE
    };
    a_missing_semicolon_is_refused_where_the_number_of_words_is_fixed: Truth {
        http: "server { listen {PORT};\nadd_header X-A b\nadd_header X-Frame-Options DENY;\n}",
        refuses: Some("invalid number of arguments in \"add_header\""), ..NONE
    };
    an_unquoted_semicolon_ends_the_header: Truth {
        http: "server { listen {PORT}; add_header Strict-Transport-Security max-age=31536000; includeSubDomains; }",
        refuses: Some("unknown directive \"includeSubDomains\""), ..NONE
    };
    comments_and_quotes: Truth {
        http: "server { listen {PORT}; \"server_tokens\" off;\n# add_header X-Frame-Options DENY;\nadd_header X-Note a#add_header; add_header Content-Security-Policy \"default-src 'self'; # none\";
            add_header X-Mid a\"b\"c; location / { return 200; } }",
        steps: &[Step("GET a.example /", "", &[
            Header("X-Frame-Options", &[]), Header("X-Note", &["a#add_header"]), Header("X-Mid", &["a\"b\"c"]),
            Header("Content-Security-Policy", &["default-src 'self'; # none"]), Header("Server", &["nginx"]),
        ])], ..NONE
    };
    a_header_through_a_map: Truth {
        http: "map $sent_http_content_type $xfo { ~*text/html DENY; } server { listen {PORT}; root {DIR}/site; add_header X-Frame-Options $xfo always; }",
        files: SITE,
        steps: &[
            Step("GET a.example /page.html", "", &[Header("X-Frame-Options", &["DENY"])]),
            Step("GET a.example /notes.txt", "", &[Status(200), Header("X-Frame-Options", &[])]),
        ], ..NONE
    };
    // nginx adds to what the upstream sends.
    a_header_that_the_upstream_sends_too_comes_twice: Truth {
        http: "server { listen {PORT}; add_header X-Frame-Options DENY always; add_header X-Powered-By \"\";
            location / { proxy_pass http://127.0.0.1:{UP}; } location /hidden { proxy_hide_header X-Frame-Options; proxy_hide_header X-Powered-By; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /", "200 | X-Frame-Options: SAMEORIGIN | X-Powered-By: PHP/8.2", &[Header("X-Frame-Options", &["SAMEORIGIN", "DENY"]), Header("X-Powered-By", &["PHP/8.2"])]),
            Step("GET a.example /hidden", "200 | X-Frame-Options: SAMEORIGIN | X-Powered-By: PHP/8.2", &[Header("X-Frame-Options", &["DENY"]), Header("X-Powered-By", &[])]),
        ], ..NONE
    };
    expires_replaces_what_the_upstream_says: Truth {
        http: "server { listen {PORT}; add_header X-A 1; location / { expires 1h; proxy_pass http://127.0.0.1:{UP}; } location /add { add_header Cache-Control no-cache; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /", "200 | Cache-Control: no-store", &[Header("Cache-Control", &["max-age=3600"]), Header("X-A", &["1"])]),
            Step("GET a.example /add", "200 | Cache-Control: no-store", &[Header("Cache-Control", &["no-store", "no-cache"])]),
        ], ..NONE
    };
    the_upstreams_server_header_is_hidden_unless_passed: Truth {
        http: "server { listen {PORT}; location / { proxy_pass http://127.0.0.1:{UP}; } location /passed { proxy_pass_header Server; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /passed", "200 | Server: Apache/2.4.1", &[Header("Server", &["Apache/2.4.1"])]),
            Step("GET a.example /", "200 | Server: Apache/2.4.1 | X-Pad: a | X-Accel-Limit-Rate: 0", &[Header("X-Pad", &[]), Header("X-Accel-Limit-Rate", &[])]),
        ], ..NONE
    };
    proxy_set_header_in_a_location_drops_the_servers: Truth {
        http: "server { listen {PORT}; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;
            location / { proxy_pass http://127.0.0.1:{UP}; } location /ws { proxy_set_header Upgrade $http_upgrade; proxy_pass http://localhost.backend; } }
            upstream localhost.backend { server 127.0.0.1:{UP}; }",
        steps: &[
            Step("GET a.example /", "200", &[Gets("Host", &["a.example"]), Gets("X-Forwarded-Proto", &["http"])]),
            Step("GET a.example /ws | Upgrade: websocket", "200", &[Gets("Host", &["localhost.backend"]), Gets("X-Forwarded-Proto", &[]), Gets("Upgrade", &["websocket"])]),
        ], ..NONE
    };
    // Which location answers.
    a_prefix_does_not_keep_uploads_from_php: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location /uploads/ { autoindex off; } location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } }",
        files: SITE,
        steps: &[Step("GET a.example /uploads/shell.php", "200", &[Asked]), Step("GET a.example /uploads/a.jpg", "", &[NotAsked, Status(200)])], ..NONE
    };
    a_prefix_that_stops_keeps_uploads_from_php: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ^~ /uploads/ { } location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } }",
        files: SITE,
        steps: &[Step("GET a.example /uploads/shell.php", "200", &[NotAsked, Status(200), Body("shell")])], ..NONE
    };
    the_first_regular_expression_wins: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ~* ^/uploads/.*\\.php$ { deny all; } location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } }
            server { listen {PORT}; server_name below; root {DIR}/site; location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } location ~* ^/uploads/.*\\.php$ { deny all; } }",
        files: SITE,
        steps: &[Step("GET a.example /uploads/shell.php", "200", &[NotAsked, Status(403)]), Step("GET below /uploads/shell.php", "200", &[Asked])], ..NONE
    };
    a_nested_location_comes_before_its_neighbours: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ~ \\.php$ { proxy_pass http://127.0.0.1:{UP}; } location /uploads/ { location ~ \\.php$ { deny all; } } }",
        files: SITE,
        steps: &[Step("GET a.example /uploads/shell.php", "200", &[NotAsked, Status(403)])], ..NONE
    };
    return_comes_before_deny: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location /internal/ { allow 10.0.0.0/8; deny all; return 200 leaked; }
            location /admin { deny all; } location ~ \\.(txt|json)$ { } location /users { auth_basic Area; auth_basic_user_file users; return 200 leaked; } }",
        files: SITE,
        steps: &[
            Step("GET a.example /internal/x", "", &[Status(200), Body("leaked")]),
            Step("GET a.example /users", "", &[Status(200), Body("leaked")]),
            Step("GET a.example /admin/x.txt", "", &[Status(200), Body("secret")]),
            Step("GET a.example /admin/other", "", &[Status(403)]),
        ], ..NONE
    };
    only_allow_denies_nobody: Truth {
        http: "server { listen {PORT}; root {DIR}/site; deny all; location / { allow 10.0.0.0/8; } location /x { } }",
        files: SITE,
        steps: &[Step("GET a.example /page.html", "", &[Status(200)]), Step("GET a.example /x", "", &[Status(403)])], ..NONE
    };
    limit_except_get_lets_head_through: Truth {
        http: "server { listen {PORT}; location / { limit_except GET { deny all; } proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /", "200", &[Status(200)]), Step("HEAD a.example /", "200", &[Status(200)]),
            Step("POST a.example / | Content-Length: 1", "200", &[Status(403)]), Step("OPTIONS a.example /", "200", &[Status(403)]),
        ], ..NONE
    };
    internal_is_not_found: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location /admin/ { internal; } }", files: SITE,
        steps: &[Step("GET a.example /admin/x.txt", "", &[Status(404)])], ..NONE
    };
    a_rule_for_ht_files_leaves_the_others_open: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ~ /\\.ht { deny all; } }", files: SITE,
        steps: &[
            Step("GET a.example /.git/config", "", &[Status(200), Body("repository")]),
            Step("GET a.example /.env", "", &[Status(200), Body("password")]),
            Step("GET a.example /.htaccess", "", &[Status(403)]),
        ], ..NONE
    };
    a_prefix_that_stops_switches_a_rule_for_dot_files_off: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ~ /\\. { deny all; } location ^~ /static/ { } }", files: SITE,
        steps: &[
            Step("GET a.example /.git/config", "", &[Status(403)]),
            Step("GET a.example /static/.git/config", "", &[Status(200), Body("repository")]),
            Step("GET a.example /.well-known/security.txt", "", &[Status(403)]),
        ], ..NONE
    };
    a_rule_for_dot_files_can_spare_well_known: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location ~ /\\.(?!well-known) { deny all; } }", files: SITE,
        steps: &[
            Step("GET a.example /%2egit/config", "", &[Status(403)]), Step("GET a.example /.env", "", &[Status(403)]),
            Step("GET a.example /.well-known/security.txt", "", &[Status(200)]),
        ], ..NONE
    };
    slashes_that_are_not_merged_go_round_a_location: Truth {
        http: "server { listen {PORT}; root {DIR}/site; merge_slashes off; location /admin/ { deny all; } }", files: SITE,
        steps: &[Step("GET a.example //admin/x.txt", "", &[Status(200)]), Step("GET a.example /%2fadmin/x.txt", "", &[Status(200)])], ..NONE
    };
    slashes_are_merged_as_the_default_server_says: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location /admin/ { deny all; } }
            server { listen {PORT}; server_name apart; merge_slashes off; root {DIR}/site; location /admin/ { deny all; } }",
        files: SITE,
        steps: &[Step("GET a.example //admin/x.txt", "", &[Status(403)]), Step("GET apart //admin/x.txt", "", &[Status(403)])], ..NONE
    };
    // Files.
    an_alias_without_the_slash_opens_the_folder_above: Truth {
        http: "server { listen {PORT}; location /static { alias {DIR}/static/; } location /whole/ { alias {DIR}/static/; } location /bare { alias {DIR}/static; } }",
        files: SITE,
        steps: &[
            Step("GET a.example /static../settings.py", "", &[Status(200), Body("secret key")]),
            Step("GET a.example /whole../settings.py", "", &[Status(404)]),
            Step("GET a.example /whole/x.txt", "", &[Status(200)]),
            Step("GET a.example /baretwo/x.txt", "", &[Status(200), Body("neighbour")]),
        ], ..NONE
    };
    // What is stored is served to everybody.
    bypass_without_no_cache_stores_what_a_user_gets: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; proxy_cache z; proxy_cache_valid 200 10m; proxy_cache_bypass $cookie_session $http_authorization;
            location / { proxy_pass http://127.0.0.1:{UP}; }
            location /safe/ { proxy_no_cache $cookie_session $http_authorization; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /me | Cookie: session=alice", "200", &[Asked, Stored(true)]),
            Step("GET a.example /me | Cookie: session=bob", "200", &[Asked]),
            Step("GET a.example /me", "200", &[FromCache]),
            Step("GET a.example /safe/me | Cookie: session=alice", "200", &[Asked, Stored(false)]),
            Step("GET a.example /safe/you | Cookie: session=0", "200", &[Asked, Stored(true)]),
        ], ..NONE
    };
    no_cache_in_a_location_drops_the_servers: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; proxy_cache z; proxy_cache_valid 10m; proxy_no_cache $cookie_session;
            location / { proxy_pass http://127.0.0.1:{UP}; } location /api/ { proxy_no_cache $arg_nocache; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /me | Cookie: session=alice", "200", &[Stored(false)]),
            Step("GET a.example /api/me | Cookie: session=alice", "200", &[Stored(true)]),
        ], ..NONE
    };
    credentials_in_the_request_do_not_keep_an_answer_from_being_stored: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; location / { proxy_cache z; proxy_cache_valid 10m; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /a | Authorization: Bearer alice", "200", &[Stored(true)]),
            Step("GET a.example /b", "200 | Set-Cookie: a=1", &[Stored(false)]),
            Step("GET a.example /c", "200 | Cache-Control: private", &[Stored(false)]),
            Step("GET a.example /d", "200 | X-Accel-Expires: 60 | Cache-Control: private", &[Stored(true)]),
            Step("GET a.example /e", "404", &[Stored(false)]),
            Step("GET a.example /f", "200 | Vary: *", &[Stored(false)]),
            Step("POST a.example /g | Content-Length: 1", "200", &[Stored(false)]),
        ], ..NONE
    };
    ignoring_set_cookie_gives_the_cookie_to_others: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; proxy_cache z; proxy_cache_valid 10m; proxy_ignore_headers Set-Cookie Cache-Control;
            location / { proxy_pass http://127.0.0.1:{UP}; } location /public/ { proxy_hide_header Set-Cookie; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /a", "200 | Set-Cookie: sid=alice | Cache-Control: private", &[Stored(true)]),
            Step("GET a.example /a", "200", &[FromCache, Header("Set-Cookie", &["sid=alice"])]),
            Step("GET a.example /public/a", "200 | Set-Cookie: sid=alice", &[Stored(true), Header("Set-Cookie", &[])]),
            Step("GET a.example /public/a", "200", &[FromCache, Header("Set-Cookie", &[])]),
        ], ..NONE
    };
    no_freshness_no_cache: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; location / { proxy_cache z; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /a", "200", &[Stored(false)]),
            Step("GET a.example /b", "200 | Cache-Control: max-age=60", &[Stored(true)]),
            Step("GET a.example /c", "200 | Cache-Control: max-age=60 | Set-Cookie: a=1", &[Stored(false)]),
            Step("GET a.example /d", "200 | X-Accel-Expires: 60 | X-Accel-Redirect: /e", &[]),
        ], ..NONE
    };
    two_hosts_of_one_upstream_share_the_key: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; proxy_cache z; proxy_cache_valid 10m; proxy_set_header Host $host;
            server { listen {PORT}; server_name a.example; location / { proxy_pass http://127.0.0.1:{UP}; } }
            server { listen {PORT}; server_name b.example; location / { proxy_pass http://127.0.0.1:{UP}; } location /own { proxy_cache_key $host$request_uri; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /page", "200 | X-Of: a", &[Asked, Gets("Host", &["a.example"])]),
            Step("GET b.example /page", "200 | X-Of: b", &[FromCache, Header("X-Of", &["a"])]),
            Step("GET a.example /own", "200 | X-Of: a", &[Asked]),
            Step("GET b.example /own", "200 | X-Of: b", &[Asked, Header("X-Of", &["b"])]),
        ], ..NONE
    };
    a_key_without_the_query_mixes_pages: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=z:1m; server { listen {PORT}; location / { proxy_cache z; proxy_cache_valid 10m; proxy_cache_key $scheme$host$uri; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /p?user=1", "200 | X-Of: 1", &[Asked]),
            Step("GET a.example /p?user=2", "200 | X-Of: 2", &[FromCache, Header("X-Of", &["1"])]),
        ], ..NONE
    };
    // Limits.
    a_limit_of_ten_megabytes_is_written_without_b: Truth {
        http: "client_max_body_size 10MB; server { listen {PORT}; }",
        refuses: Some("\"client_max_body_size\" directive invalid value"), ..NONE
    };
    the_default_limit_is_one_mebibyte: Truth {
        http: "server { listen {PORT}; location / { proxy_pass http://127.0.0.1:{UP}; } location /none { client_max_body_size 0; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("POST a.example / | Content-Length: 1048576", "200", &[Status(200)]),
            Step("POST a.example / | Content-Length: 1048577", "200", &[Status(413), NotAsked]),
            Step("POST a.example /none | Content-Length: 1048577", "200", &[Status(200)]),
        ], ..NONE
    };
    no_413_before_a_location_is_chosen: Truth {
        http: "client_max_body_size 10; server { listen {PORT}; if ($arg_x) { return 204; } location / { return 200; } }",
        steps: &[
            Step("POST a.example /?x=1 | Content-Length: 11", "", &[Status(204)]),
            Step("POST a.example / | Content-Length: 11", "", &[Status(413)]),
            Step("POST a.example / | Content-Length: 10", "", &[Status(200)]),
        ], ..NONE
    };
    // Origins.
    a_pattern_without_an_end_trusts_strangers: Truth {
        http: "server { listen {PORT}; location / { add_header X-Frame-Options DENY always;
            if ($http_origin ~* \"example.com\") { add_header Access-Control-Allow-Origin $http_origin; add_header Access-Control-Allow-Credentials true; }
            proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example / | Origin: https://example.com.evil.net", "200", &[Header("Access-Control-Allow-Origin", &["https://example.com.evil.net"]), Header("Access-Control-Allow-Credentials", &["true"]), Header("X-Frame-Options", &[])]),
            Step("GET a.example / | Origin: https://evil.net", "200", &[Header("Access-Control-Allow-Origin", &[]), Header("X-Frame-Options", &["DENY"])]),
        ], ..NONE
    };
    a_map_with_both_ends_trusts_nobody_else: Truth {
        http: "map $http_origin $cors { default \"\"; \"~^https://([a-z]+\\.)?example\\.com$\" $http_origin; }
            server { listen {PORT}; add_header Access-Control-Allow-Origin $cors always; location / { return 200; } }",
        steps: &[
            Step("GET a.example / | Origin: https://example.com.evil.net", "", &[Header("Access-Control-Allow-Origin", &[])]),
            Step("GET a.example / | Origin: https://app.example.com", "", &[Header("Access-Control-Allow-Origin", &["https://app.example.com"])]),
        ], ..NONE
    };
    // Policies.
    two_policies_are_two_headers: Truth {
        http: "server { listen {PORT}; add_header Content-Security-Policy \"default-src 'none'\"; location / { proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[Step("GET a.example /", "200 | Content-Security-Policy: script-src 'self'", &[Header("Content-Security-Policy", &["script-src 'self'", "default-src 'none'"])])], ..NONE
    };
    a_written_nonce_is_the_same_for_everybody: Truth {
        http: "server { listen {PORT}; add_header Content-Security-Policy \"script-src 'nonce-abc123'\"; location / { return 200; } }",
        steps: &[
            Step("GET a.example /", "", &[Header("Content-Security-Policy", &["script-src 'nonce-abc123'"])]),
            Step("GET a.example /", "", &[Header("Content-Security-Policy", &["script-src 'nonce-abc123'"])]),
        ], ..NONE
    };
    // Logs.
    a_format_counts_where_a_log_uses_it: Truth {
        http: "log_format secret '$server_name|$http_authorization $http_cookie'; log_format plain '$server_name|$request';
            server { listen {PORT}; access_log {DIR}/logs/a.log plain; location / { return 200; } location /secret { access_log {DIR}/logs/b.log secret; return 200; } location = /favicon.ico { access_log off; return 204; } }",
        steps: &[
            Step("GET a.example /?token=hunter2 | Authorization: Bearer T", "", &[NotLogged("Bearer"), Logged("token=hunter2")]),
            Step("GET a.example /secret | Authorization: Bearer T | Cookie: sid=x", "", &[Logged("Bearer T sid=x"), NotLogged("GET")]),
            Step("GET a.example /favicon.ico", "", &[NotLogged("favicon")]),
        ], ..NONE
    };
    a_server_can_log_where_http_does_not: Truth {
        http: "access_log off; server { listen {PORT}; access_log {DIR}/logs/a.log; location / { return 200; } } server { listen {PORT}; server_name silent; location / { return 200; } }",
        steps: &[Step("GET a.example /", "", &[Logged("GET / ")]), Step("GET silent /", "", &[NotLogged("GET")])], ..NONE
    };
    error_log_off_is_a_file: Truth {
        http: "server { listen {PORT}; location / { return 200; } } server { listen {PORT}; server_name other; error_log off; }",
        steps: &[Step("GET a.example /", "", &[Wrote("off")])], ..NONE
    };
    // Hosts.
    an_unknown_host_gets_the_first_server: Truth {
        http: "server { listen {PORT}; server_name one; return 301 https://$host$request_uri; } server { listen {PORT}; server_name two; return 200; }",
        steps: &[Step("GET evil.net /x", "", &[Status(301), Header("Location", &["https://evil.net/x"])])], ..NONE
    };
    an_error_that_a_page_replaces_is_kept_and_met_again: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=pages:1m; server { listen {PORT}; proxy_cache pages;
            location / { proxy_cache_valid 404 1m; error_page 404 =410 @other; proxy_intercept_errors on; proxy_pass http://127.0.0.1:{UP}; }
            location @other { proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[Step("GET a.example /x", "404", &[Status(404), Asked, Stored(true)])], ..NONE
    };
    an_error_is_kept_whatever_proxy_no_cache_says: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=pages:1m; server { listen {PORT}; proxy_cache pages;
            location / { proxy_cache_valid 404 1m; proxy_no_cache 1; error_page 404 /none; proxy_intercept_errors on; proxy_pass http://127.0.0.1:{UP}; }
            location = /none { return 418; } }",
        steps: &[Step("GET a.example /x", "404", &[Asked, Stored(true)])], ..NONE
    };
    an_error_is_not_kept_of_a_request_that_passes_the_cache_by: Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=pages:1m; server { listen {PORT}; proxy_cache pages; proxy_cache_bypass $http_authorization;
            location / { proxy_cache_valid 404 1m; error_page 404 /none; proxy_intercept_errors on; proxy_pass http://127.0.0.1:{UP}; }
            location = /none { return 418; } }",
        steps: &[Step("GET a.example /x | Authorization: Basic eDp5", "404", &[Asked, Stored(false)])], ..NONE
    };
    a_request_for_access_that_closes_the_connection: Truth {
        http: "server { listen {PORT}; root {DIR}/site; if (!-e $request_filename) { return 444; }
            location / { auth_request /_auth; } }",
        files: SITE,
        steps: &[Step("GET a.example /page.html", "", &[NotAsked])], ..NONE
    };
    a_file_with_a_slash_behind_it_is_no_file: Truth {
        http: "server { listen {PORT}; root {DIR}/site; location / { try_files $uri $uri/ =410; } }",
        files: SITE,
        steps: &[Step("GET a.example /page.html/", "", &[Status(410)]), Step("GET a.example /page.html", "", &[Status(200)])], ..NONE
    };
    an_alias_that_is_relative_keeps_its_slash: Truth {
        http: "server { listen {PORT}; location /t/ { alias site/; } }",
        files: SITE,
        steps: &[Step("GET a.example /t/page.html", "", &[Status(200)])], ..NONE
    };
}
