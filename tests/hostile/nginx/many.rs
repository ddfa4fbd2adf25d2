//! Much of everything: what is usual once is written thousands of times.

use std::fmt::Write as _;

use super::{Scene, server};

fn all(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// The formats that work out fixes take longer than `concise`, so that two of them stand for all.
fn judged(scene: &Scene, said: &[&str]) {
    let ran = scene.check_as("concise");
    for said in said {
        assert!(ran.out.contains(said), "{said}");
    }
    let facts = scene.run(&["facts", "--only", "will_not_start"]);
    assert!(facts.code == Some(0) && facts.out.contains("nginx nginx (good/nginx.conf)"), "{facts:?}");
}

#[test]
fn five_thousand_headers() {
    let lines = all(5_000, |index| format!("add_header X-{index} y;\n"));
    let scene = Scene::new(server(&format!("{lines}autoindex on;")));
    judged(&scene, &["bad/nginx.conf:5005:1: medium[nginx/autoindex-on]"]);
    let answer = scene.answers("/x", Some(200));
    assert_eq!(answer["response"]["headers"].as_array().map(Vec::len), Some(5_000));
}

#[test]
fn the_same_header_again_and_again() {
    let lines = all(300, |_| "add_header X-Frame-Options DENY;\n".to_owned());
    let scene = Scene::new(server(&format!("{lines}autoindex on;")));
    scene.survives(&["bad/nginx.conf:305:1: medium[nginx/autoindex-on]"]);
    let answer = scene.answers("/x", Some(200));
    assert_eq!(answer["response"]["headers"].as_array().map(Vec::len), Some(300));
}

#[test]
fn a_thousand_locations() {
    let plain = all(1_000, |index| format!("location /l{index}/ {{ return 204; }}\n"));
    let scene = Scene::new(server(&format!("{plain}autoindex on;")));
    judged(&scene, &["bad/nginx.conf:1005:1: medium[nginx/autoindex-on]"]);
    assert_eq!(scene.answers("/l999/x", Some(204))["location"]["line"], 1_004);
    let patterns = all(1_000, |index| format!("location ~ ^/l{index}/.*$ {{ return 204; }}\n"));
    let scene = Scene::new(server(&patterns));
    assert_eq!(scene.answers("/l999/x", Some(204))["location"]["line"], 1_004);
    scene.answers("/l1000/x", Some(200));
}

/// Every format works out what to do; there fewer are enough.
#[test]
fn locations_in_every_format() {
    let plain = all(100, |index| format!("location /l{index}/ {{ autoindex on; }}\n"));
    Scene::new(server(&plain)).survives(&["bad/nginx.conf:104:18: medium[nginx/autoindex-on]"]);
}

#[test]
fn two_thousand_servers() {
    let of = |index| format!("server {{ listen 8080; server_name s{index}.example; return 204; }}\n");
    let scene = Scene::new(format!("events {{ }}\nhttp {{\nautoindex on;\n{}}}\n", all(2_000, of)));
    let ran = scene.run(&["effective", "bad/nginx.conf", "--url", "http://s1999.example:8080/"]);
    let answer = ran.json();
    assert_eq!((ran.code, answer["server"]["line"].as_u64()), (Some(0), Some(2_003)));
    let ran = scene.run(&["effective", "bad/nginx.conf"]);
    assert_eq!((ran.code, ran.json()["servers"].as_array().map(Vec::len)), (Some(0), Some(2_000)));
    let scene = Scene::new(format!("events {{ }}\nhttp {{\nautoindex on;\n{}}}\n", all(600, of)));
    judged(&scene, &["bad/nginx.conf:3:1: medium[nginx/autoindex-on]"]);
}

#[test]
fn servers_in_every_format() {
    let of = |index| format!("server {{ listen 8080; server_name s{index}.example; autoindex on; }}\n");
    let scene = Scene::new(format!("events {{ }}\nhttp {{\n{}}}\n", all(100, of)));
    scene.survives(&["bad/nginx.conf:102:48: medium[nginx/autoindex-on]"]);
}

#[test]
fn a_map_of_fifty_thousand_lines() {
    let lines = all(50_000, |index| format!("/k{index} v{index};\n"));
    let map = format!("map $uri $kind {{\n{lines}}}\nserver {{");
    let scene = Scene::new(server("add_header X $kind;\nautoindex on;").replace("server {", &map));
    judged(&scene, &["bad/nginx.conf:50008:1: medium[nginx/autoindex-on]"]);
    let answer = scene.answers("/k49999", Some(200));
    assert_eq!(answer["response"]["headers"][0]["value"], "v49999");
}

#[test]
fn a_map_of_expressions() {
    let lines = all(5_000, |index| format!("~^/k{index}$ v{index};\n"));
    let map = format!("map $uri $kind {{\n{lines}}}\nserver {{");
    let scene = Scene::new(server("add_header X $kind;").replace("server {", &map));
    let answer = scene.answers("/k4999", Some(200));
    assert_eq!(answer["response"]["headers"][0]["value"], "v4999");
}

/// Blocks within blocks, as deep as they are read and deeper.
#[test]
fn locations_in_locations() {
    let nested = |depth: usize| {
        let mut text = String::new();
        for index in 1..=depth {
            write!(text, "location /{} {{", "a/".repeat(index)).unwrap();
        }
        text + " autoindex on; return 204;" + &"}".repeat(depth)
    };
    let scene = Scene::new(server(&nested(90)));
    scene.survives(&["bad/nginx.conf:5:", "medium[nginx/autoindex-on]", "2 subjects, "]);
    let answer = scene.answers(&format!("/{}", "a/".repeat(90)), Some(204));
    assert_eq!(answer["location"]["text"], format!("/{}", "a/".repeat(90)));
    let scene = Scene::new(server(&format!("bogus on;\n{}", nested(1_000))));
    scene.survives(&["bad/nginx.conf:5:1: high[nginx/will-not-start] nginx refuses to start: unknown directive"]);
    scene.refused("unknown directive \"bogus\"", "bad/nginx.conf", Some(5));
}

/// Each value of every directive that is known is a variable that nobody sets.
#[test]
fn variables_that_are_never_set() {
    use hardline::platform::PLATFORMS;
    use hardline::platform::nginx::directive;
    let nginx = PLATFORMS.iter().find(|platform| platform.schema().name == "nginx").unwrap();
    let all = nginx.schema().fields.iter().flat_map(|fields| fields.iter()).map(|field| field.name);
    // Where one of another module is met, much that is unknown may be that module's.
    let names: Vec<&str> = all.filter(|name| directive::foreign(name).is_none()).collect();
    assert!(names.len() > 300, "{}", names.len());
    let lines = |names: &[&str]| names.iter().map(|name| format!("{name} $never $never;\n")).collect::<String>();
    let scene = Scene::new(server(&lines(&names)));
    judged(&scene, &["bad/nginx.conf:5:1: high[nginx/will-not-start]", "2 subjects, "]);
    // One by one, where each may stand: the rest is judged, whatever is said of it.
    for (number, name) in names.iter().enumerate() {
        let text =
            format!("{name} $never;\nserver {{ listen 8080; {name} $never; location / {{ {name} $never; }} }}\n");
        scene.write(&format!("each/{number}/nginx.conf"), format!("events {{ }}\nhttp {{\n{text}}}\n"));
    }
    let ran = scene.check_as("concise");
    assert!(ran.out.lines().filter(|line| line.starts_with("each/")).count() > names.len(), "{}", ran.out.len());
}
