//! What flags, orders and levels decide that looks otherwise: the claims of checks that say so.

use super::Want::*;
use super::{Step, Truth};

const NONE: Truth = Truth { http: "", files: &[], refuses: None, steps: &[] };

const SITE: &[(&str, &str)] =
    &[("site/admin/x.txt", "an admin's secret\n"), ("site/staff/x.txt", "another's secret\n")];

#[test]
fn a_flag_in_two_parts_reflects_the_origins_of_its_pattern() {
    let truth = Truth {
        http: "server { listen {PORT}; location / {
            set $cors \"\";
            if ($http_origin ~ \"^https://.*example[.]com$\") { set $cors \"true\"; }
            if ($request_method = OPTIONS) { set $cors \"${cors}options\"; }
            if ($cors = \"true\") { add_header Access-Control-Allow-Origin $http_origin; add_header Access-Control-Allow-Credentials true; }
            proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step(
                "GET a.example / | Origin: https://evilexample.com",
                "200",
                &[
                    Header("Access-Control-Allow-Origin", &["https://evilexample.com"]),
                    Header("Access-Control-Allow-Credentials", &["true"]),
                ],
            ),
            Step("GET a.example / | Origin: https://evil.example", "200", &[Header("Access-Control-Allow-Origin", &[])]),
        ],
        ..NONE
    };
    truth.holds();
}

#[test]
fn a_flag_that_is_taken_away_from_others_reflects_none_of_theirs() {
    let truth = Truth {
        http: "server { listen {PORT}; location / {
            set $cors \"true\";
            if ($http_origin !~ \"^https://([a-z]+[.])?example[.]com$\") { set $cors \"false\"; }
            if ($cors = \"true\") { add_header Access-Control-Allow-Origin $http_origin; }
            proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step(
                "GET a.example / | Origin: https://a.example.com",
                "200",
                &[Header("Access-Control-Allow-Origin", &["https://a.example.com"])],
            ),
            Step(
                "GET a.example / | Origin: https://evilexample.com",
                "200",
                &[Header("Access-Control-Allow-Origin", &[])],
            ),
        ],
        ..NONE
    };
    truth.holds();
}

#[test]
fn a_location_of_one_pattern_within_another_path_keeps_nothing_closed() {
    let truth = Truth {
        http: "server { listen {PORT}; root {DIR}/site;
            location /admin/ { deny all; }
            location /staff/ { deny all; location ~ [.]txt$ { expires 1h; } }
            location ~ [.]txt$ { expires 1h; } }",
        files: SITE,
        steps: &[
            Step("GET a.example /admin/x.txt", "", &[Status(200), Body("an admin's secret")]),
            Step("GET a.example /staff/x.txt", "", &[Status(403)]),
        ],
        ..NONE
    };
    truth.holds();
}

#[test]
fn a_deny_after_an_allow_for_the_same_clients_keeps_nobody_out() {
    let truth = Truth {
        http: "server { listen {PORT};
            location /all { allow all; deny 127.0.0.1; proxy_pass http://127.0.0.1:{UP}; }
            location /net { allow 127.0.0.0/8; deny 127.0.0.1; deny all; proxy_pass http://127.0.0.1:{UP}; }
            location /before { deny 127.0.0.1; allow 127.0.0.0/8; deny all; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /all", "200", &[Status(200), Asked]),
            Step("GET a.example /net", "200", &[Status(200), Asked]),
            Step("GET a.example /before", "200", &[Status(403), NotAsked]),
        ],
        ..NONE
    };
    truth.holds();
}

#[test]
fn a_condition_in_a_location_takes_those_of_the_server_out_of_force() {
    let truth = Truth {
        http: "proxy_cache_path {DIR}/cache keys_zone=pages:1m; server { listen {PORT};
            proxy_cache pages; proxy_cache_valid 200 10m; proxy_no_cache $cookie_session; proxy_cache_bypass $cookie_session;
            location / { proxy_pass http://127.0.0.1:{UP}; }
            location /lost { proxy_no_cache $arg_preview; proxy_pass http://127.0.0.1:{UP}; } }",
        steps: &[
            Step("GET a.example /x | Cookie: session=alice", "200", &[Asked, Stored(false)]),
            Step("GET a.example /lost | Cookie: session=alice", "200", &[Asked, Stored(true)]),
        ],
        ..NONE
    };
    truth.holds();
}

/// More than the zone lets through, were it asked.
#[test]
fn an_answer_by_return_comes_before_a_limit() {
    const ASK: Step = Step("GET a.example /ret", "", &[Status(200)]);
    let truth = Truth {
        http: "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m; server { listen {PORT};
            location /ret { limit_req zone=one; return 200 ok; } }",
        steps: &[ASK, ASK, ASK],
        ..NONE
    };
    truth.holds();
}
