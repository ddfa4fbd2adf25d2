//! The same of nginx: in headers, URLs, variables, conditions and the files beside the configuration.

use std::fs;
use std::path::Path;

use super::{hides, run, shown};

/// Everything that nginx takes; each secret is a canary of its own.
const GOOD: &str = r#"# proxy_set_header Authorization "Basic canary-commented";
#    proxy_pass http://shop:canary-commented-url@10.0.0.1:8080;
env API_KEY=canary-env;
events { }
http {
    server_tokens on;
    map $http_x_token $allowed { default 0; "canary-map-key" 1; canary-map-two 1; ~^canary-map-regex$ 1; }
    map $host $upstream_token { default canary-map-value; a.example "canary-map-quoted"; }
    map $uri $x { default ""; ~^/x "Bearer canary-map-bearer"; }
    geo $secret { default canary-geo; }
    map $cookie_admin $admin { canary5cookie 1; default 0; }
    map $arg_key $keyed { "~^canary6argument$" 1; default 0; }
    split_clients $uri $api_token { 50% canary-split; * canary-split-two; }
    log_format main '$remote_addr $upstream_token';
    access_log off;
    upstream u { server 10.0.0.1; }
    server {
        listen 8080;
        server_name shop.example;
        autoindex on;
        set $token canary-set;
        auth_basic_user_file users;
        add_header X-Api-Key canary-header;
        add_header X-Token "$upstream_token" always;
        add_header X-Any "$x$secret$api_token";
        add_header Set-Cookie "session_token=canary-cookie";
        location / {
            proxy_set_header Authorization "Basic canary-basic";
            proxy_set_header X-Api-Key canary-key;
            proxy_set_header Cookie "sid=canary-session";
            proxy_set_header X-From $token;
            if ($http_x_auth = canary1header) { return 403; }
            if ($cookie_sid = "canary2session") { return 403; }
            if ($arg_key ~ "canary3argument") { return 403; }
            fastcgi_param APP_KEY "base64:canary4Key=";
            proxy_pass http://10.0.0.1:8080;
        }
        location /v { proxy_pass http://10.0.0.1; proxy_set_header Authorization "Bearer $upstream_token"; }
        location /if {
            if ($http_x_token = canary-if) { return 200 ok; }
            if ($http_authorization != "Bearer canary-if-bearer") { return 403; }
            if ($arg_token ~ ^canary-if-regex$) { return 204; }
            if ( $cookie_secret = "canary-if-blanks" ){ return 204; }
            return 401;
        }
        location /php {
            fastcgi_pass 127.0.0.1:9000;
            fastcgi_param DB_PASSWORD canary-db;
            fastcgi_param DATABASE_URL mysql://app:canary-db-url@db/shop;
            fastcgi_param PHP_VALUE "mysql.default_password=canary-php";
        }
        location /s {
            secure_link $arg_md5,$arg_expires;
            secure_link_md5 "$secure_link_expires$uri canary-link";
            return 200;
        }
        location /old { secure_link_secret canary-link-old; return 200; }
        location /r { return 302 https://x:canary-return@a.example/?token=canary-query; }
        location /rw { rewrite ^ /x?api_key=canary-rewrite redirect; }
        location /u { uwsgi_pass 127.0.0.1:9; uwsgi_param SECRET_KEY canary-uwsgi; }
        location /t { return 200 "$token"; }
        location /l { return 302 "https://a.example/$token"; }
    }
}
"#;

/// Requests that lead to each of them.
const PATHS: [&str; 11] = ["/", "/v", "/if", "/php", "/s", "/old", "/r", "/rw", "/u", "/t", "/l"];

const BROKEN: &str = r#"events { }
http {
    server {
        listen 8080;
        bogus on;
        proxy_set_header Authorization "Basic canary-broken" extra;
        proxy_set_header Authorization Bearer canary-broken-bare;
        proxy_pass http://shop:canary-broken-pass@10.0.0.1:8080;
        secure_link_md5 canary-broken-link more;
        fastcgi_param DB_PASSWORD canary-broken-db
        autoindex on;
        set $token canary-broken-set canary-broken-second;
        proxy_pass http://a:canary-broken-url@:8080/;
        if ($http_x_token == canary-broken-if) { return 403; }
        if ($http_x_token=canary-broken-joined) { return 403; }
        location / { proxy_set_header X-Api-Key canary-broken-brace }
        set $api_token "canary-broken-glued"x;
        proxy_pass "http://shop:canary-broken-open@10.0.0.1;
    }
}
"#;

const TEMPLATE: &str = r#"events { }
http {
    {% if x %}
    proxy_set_header Authorization "Basic canary-template";
    server {
        listen {{ port }};
        autoindex on;
        proxy_set_header X-Token {{ x }}canary-mixed;
        {# proxy_set_header X-Token canary-template-comment; #}
        set $token canary-after-comment;
        location / { proxy_pass http://{{ user }}:canary-template-url@b; }
        location /y { fastcgi_param DB_PASSWORD ${DB}canary-envsubst; }
        location /x { proxy_pass http://shop:{{ password }}@b; set $token <%= x %>canary-erb; }
    }
    {% endif %}
}
"#;

fn write_all(folder: &Path) {
    for (name, text) in [
        ("nginx.conf", GOOD),
        ("broken/nginx.conf", BROKEN),
        ("template/nginx.conf.j2", TEMPLATE),
        ("users", "shop:canary-users\n"),
        ("nginx-users.conf", "server { ssl_password_file passwords; listen 81; autoindex on; }\n"),
        ("passwords", "canary-of-a-key\n"),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Every line of them is shown once, and no secret is: in every format, with a version and without.
#[test]
fn no_format_shows_a_secret_of_nginx() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    for format in ["terminal", "concise", "json", "sarif", "github", "markdown", "html"] {
        for more in [&["--server-version", "nginx:1.22.1"][..], &["--color=always", "--no-waivers", "--strict"]] {
            let arguments = [&["check", "--format", format], more].concat();
            let shown = shown(&run(folder.path(), &arguments));
            for file in ["broken/nginx.conf", "template/nginx.conf.j2", "nginx/autoindex-on"] {
                assert!(shown.contains(file), "{format}: {file}: {shown}");
            }
            hides(&arguments, &shown);
        }
        for safety in ["--fix", "--fix=unsafe"] {
            let fixed = tempfile::tempdir().unwrap();
            write_all(fixed.path());
            for arguments in
                [&["check", safety, "--diff", "--format", format][..], &["check", safety, "--format", format]]
            {
                hides(arguments, &shown(&run(fixed.path(), arguments)));
            }
        }
    }
}

#[test]
fn no_command_shows_a_secret_of_nginx() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let files = ["nginx.conf", "broken/nginx.conf", "template/nginx.conf.j2", "nginx-users.conf", "users", "passwords"];
    let mut all: Vec<Vec<&str>> = vec![
        vec!["facts"],
        vec!["list", "--config", "nginx.conf"],
        vec!["explain", "nginx/autoindex-on", "--config", "nginx.conf"],
        vec!["check", "--config", "broken/nginx.conf"],
        vec!["check", "--checks", "nginx.conf"],
        vec!["test", "nginx.conf", "broken/nginx.conf"],
        vec!["acl", "can", "--batch", "broken/nginx.conf"],
    ];
    for file in files {
        all.push(vec!["facts", file]);
        all.push(vec!["effective", file]);
        all.push(vec!["effective", file, "--platform", "nginx"]);
        all.push(vec!["effective", file, "--platform", "nginx", "--url", "http://shop.example:8080/r"]);
        for platform in ["nginx", "redis", "sentinel"] {
            all.push(vec!["check", "--platform", platform, file]);
        }
    }
    for arguments in &all {
        hides(arguments, &shown(&run(folder.path(), arguments)));
    }
    let waive = ["waive", "nginx/autoindex-on", "--owner", "@me", "--reason", "a test", "--until", "2099-01-01"];
    for extra in [&["--inline", "nginx.conf:18"][..], &["--where", "nginx.conf"]] {
        let arguments = [&waive[..], extra].concat();
        hides(&arguments, &shown(&run(folder.path(), &arguments)));
    }
}

/// What a request gets has the secrets in it, and the answer says where and not which.
#[test]
fn no_answer_shows_a_secret_of_nginx() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let mut stars = 0;
    for path in PATHS {
        let url = format!("http://shop.example:8080{path}");
        // An argument that was given is no secret of the file, so that it may come back.
        for header in ["X-Token: something", "Authorization: Bearer other"] {
            let arguments = ["effective", "nginx.conf", "--url", &url, "--header", header];
            let shown = shown(&run(folder.path(), &arguments));
            assert!(shown.contains("\"accepted\": true") || shown.contains("\"accepted\": null"), "{path}: {shown}");
            hides(&arguments, &shown);
            stars += shown.matches("***").count();
        }
    }
    assert!(stars > 50, "{stars}");
}

/// What only looks like one stays: there is no reading of a report in which everything is stars.
#[test]
fn what_is_no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "events { }\nhttp {\n    map $http_authorization $has_token { \"\" 0; ~^Bearer 1; default 2; }\n    \
                server {\n        listen 8080;\n        set $token_endpoint https://id.example/token;\n        \
                if ($http_authorization = \"\") { return 401; }\n        \
                add_header Access-Control-Allow-Credentials true;\n        \
                proxy_set_header Authorization $http_authorization;\n        auth_basic \"Basic protection\";\n        \
                return 302 https://a.example/?token=$arg_token&x=1;\n    }\n}\n";
    fs::write(folder.path().join("nginx.conf"), text).unwrap();
    let facts = shown(&run(folder.path(), &["facts"]));
    assert!(facts.contains("https://id.example/token") && !facts.contains("***"), "{facts}");
}
