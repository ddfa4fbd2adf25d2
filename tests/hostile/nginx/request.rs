//! Requests that go round in a circle, and expressions that take for ever.

use super::{Scene, server};

/// nginx gives up after ten rounds, and says 500.
#[test]
fn rewrites_in_a_circle() {
    let text = "autoindex on;\nlocation /a { rewrite ^ /b last; }\nlocation /b { rewrite ^ /a last; }\n\
                location /c { rewrite ^(.*)$ $1$1 last; }\nlocation /d { rewrite ^ /d break; return 204; }";
    let scene = Scene::new(server(text));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    for path in ["/a", "/b", "/c"] {
        scene.answers(path, Some(500));
    }
    // A rewrite of the server applies once.
    let scene = Scene::new(server("rewrite ^/(.*)$ /x$1;\nlocation /xa { return 204; }"));
    scene.answers("/a", Some(204));
}

#[test]
fn error_pages_in_a_circle() {
    let text = "autoindex on;\nrecursive_error_pages on;\nlocation /e { error_page 404 /e; return 404; }\n\
                location /n { error_page 404 @a; return 404; }\n\
                location @a { error_page 404 @b; return 404; }\nlocation @b { error_page 404 @a; return 404; }\n\
                location /f { recursive_error_pages off; error_page 404 /f; return 404; }";
    let scene = Scene::new(server(text));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    scene.answers("/e", Some(500));
    scene.answers("/n", Some(500));
    scene.answers("/f", Some(404));
}

/// Whether the files are there is not known; that it cannot be told is said where they are named.
#[test]
fn files_to_try_in_a_circle() {
    let text = "autoindex on;\nroot /nowhere/at/all;\nlocation /t { try_files /none /t; }\n\
                location /n { try_files /none @a; }\nlocation @a { try_files /none @b; }\n\
                location @b { try_files /none @a; }";
    let scene = Scene::new(server(text));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    for path in ["/t", "/n"] {
        let answer = scene.answers(path, None);
        let open = answer["unknown"].as_array().unwrap().iter().find(|open| open["what"] == "response.status").unwrap();
        assert_eq!((open["why"].as_str(), open["path"].as_str()), (Some("not-readable"), Some("bad/nginx.conf")));
    }
}

#[test]
fn hundreds_of_files_to_try() {
    let files = |start: &str| (0..200).map(|index| format!("{start}/{index} ")).collect::<String>();
    let text = format!(
        "autoindex on;\ntry_files {} /x;\nlocation /x {{ try_files {} =404; }}",
        files("$uri"),
        files("$arg_a")
    );
    let scene = Scene::new(server(&text));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    scene.answers("/a?a=b", None);
}

/// More ways than can be followed: what is not known is not said.
#[test]
fn questions_upon_questions() {
    let ifs: String = (0..60).map(|index| format!("if (-f /nowhere/{index}) {{ set $w{index} 1; }}\n")).collect();
    let headers: String = (0..60).map(|index| format!("add_header X-{index} $w{index};\n")).collect();
    let scene = Scene::new(server(&format!("autoindex on;\n{ifs}{headers}")));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    let ran = scene.run(&["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/"]);
    let answer = ran.json();
    let open = answer["unknown"].as_array().unwrap().iter().any(|open| open["what"] == "response.headers");
    assert!(ran.code == Some(0) && open, "{}", ran.out);
}

#[test]
fn questions_to_others_in_a_circle() {
    let text = "autoindex on;\nlocation /a { auth_request /b; }\nlocation /b { auth_request /a; return 401; }";
    let scene = Scene::new(server(text));
    scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
    scene.answers("/a", Some(401));
    // Nobody answers; hardline must only come to an end.
    let scene = Scene::new(server("location / { auth_request /a; }\nlocation /a { auth_request /; }"));
    let ran = scene.run(&["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/"]);
    assert_eq!((ran.code, ran.json()["accepted"].as_bool()), (Some(0), Some(true)));
}

#[test]
fn variables_in_a_circle() {
    let maps = "map $two $one { default $two; }\nmap $one $two { default $one; }\n";
    let scene =
        Scene::new(server("add_header X $one;\nautoindex on;").replace("server {", &format!("{maps}server {{")));
    scene.survives(&["bad/nginx.conf:8:1: medium[nginx/autoindex-on]"]);
    scene.run(&["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/"]).json();
    // Each doubles the next: 2⁴⁰ letters at the end.
    let double = |index| format!("map $uri $d{index} {{ default $d{0}$d{0}; }}\n", index + 1);
    let maps: String = (0..40).map(double).collect::<String>() + "map $uri $d40 { default x; }\n";
    let scene = Scene::new(server("add_header X $d0;\nautoindex on;").replace("server {", &format!("{maps}server {{")));
    scene.survives(&["bad/nginx.conf:47:1: medium[nginx/autoindex-on]"]);
    scene.run(&["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/"]).json();
}

/// Expressions that a matcher which tries everything never comes to an end with.
#[test]
fn expressions_that_explode() {
    let text = "autoindex on;\nlocation ~ ^/(a+)+$ { return 201; }\nlocation ~* ^/(a|aa)+$ { return 202; }\n\
                location ~ \"^/(?=(a+))\\1*b\" { return 203; }\nlocation / {\n\
                if ($request_uri ~ \"^/(([a-z])+.)+[A-Z]([a-z])+$\") { return 204; }\n\
                rewrite \"^/(a*)*b$\" /c;\nautoindex on;\n}";
    let scene = Scene::new(server(text));
    scene.survives(&[
        "bad/nginx.conf:5:1: medium[nginx/autoindex-on]",
        "bad/nginx.conf:12:1: medium[nginx/autoindex-on]",
    ]);
    for length in [30, 3_000] {
        let url = format!("http://shop.example:8080/{}!", "a".repeat(length));
        let ran = scene.run(&["effective", "bad/nginx.conf", "--url", &url]);
        assert_eq!((ran.code, ran.json()["accepted"].as_bool()), (Some(0), Some(true)), "{}", ran.out);
    }
}

/// Expressions that are too large once they are compiled: what they would match cannot be told.
#[test]
fn expressions_that_are_too_large() {
    for pattern in [
        "^/(((a{1,1000}){1,1000}){1,1000})$",
        "^/\\w{1,1000}\\w{1,1000}\\w{1,1000}$",
        "(?:a{0,1000}){0,1000}",
        &format!("^/{}{}", "(".repeat(5_000), ")".repeat(5_000)),
    ] {
        let scene = Scene::new(server(&format!("autoindex on;\nlocation ~ \"{pattern}\" {{ return 204; }}")));
        scene.survives(&["bad/nginx.conf:5:1: medium[nginx/autoindex-on]"]);
        let ran = scene.run(&["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/aaaa"]);
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        let open = ran.json()["unknown"].as_array().unwrap().iter().any(|open| open["why"] == "not-supported");
        assert!(open, "{pattern:.30}: {}", ran.out);
    }
}

/// A request that no client could send.
#[test]
fn requests_of_all_kinds() {
    let scene = Scene::new(server("autoindex on;\nlocation / { return 204; }"));
    scene.answers(&format!("/{}", "a/../".repeat(2_000)), Some(204));
    scene.answers(&"/%2e%2e".repeat(3), Some(400));
    for path in ["/%", "/%zz", "/%00", "/\u{1}", "/\u{fffd}\u{202e}", "/?", "/a%20b", "/..%2f..%2fetc"] {
        let ran = scene.run(&["effective", "bad/nginx.conf", "--url", &format!("http://shop.example:8080{path}")]);
        assert!(ran.code == Some(0) && ran.json()["response"]["status"].as_u64().is_some(), "{path}: {}", ran.out);
    }
    for url in ["", "shop.example", "http://", "ftp://a/", "http://a:port/", "http://[::1/"] {
        let ran = scene.run(&["effective", "bad/nginx.conf", "--url", url]);
        assert!(matches!(ran.code, Some(0 | 2)), "{url}: {ran:?}");
        assert_eq!(ran.code == Some(2), ran.err.contains("is no URL"), "{url}: {ran:?}");
    }
    for header in ["", "no colon", ":", "\u{1}: \u{2}"] {
        let arguments = ["effective", "bad/nginx.conf", "--url", "http://shop.example:8080/", "--header", header];
        assert!(matches!(scene.run(&arguments).code, Some(0 | 2)), "{header}");
    }
}
