//! Includes of what is no file, of what may not be read, and of too much.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::Scene;
use crate::hostile::make_fifo;

/// A configuration with a fault of its own behind the include in its third line.
fn including(path: &str) -> String {
    format!("events {{ }}\nhttp {{\n    include {path};\n    server_tokens on;\n    server {{ listen 8080; }}\n}}\n")
}

/// What is included cannot be read for this reason: a notice at the include, what stands behind it is judged, and what
/// waits for it is counted under `--strict`.
fn is_not_read(scene: &Scene, name: &str, why: &str) {
    let notice = format!("note: bad/nginx.conf:3:13: not read: {name}: {why}\n");
    scene.survives(&[
        &notice,
        "bad/nginx.conf:3:13: unknown[",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
    ]);
    for (format, said) in [("json", "\"line\": 3"), ("github", "::notice file=bad/nginx.conf,line=3,")] {
        assert!(scene.check_as(format).out.contains(said), "{format}");
    }
    assert_eq!(scene.run(&["check", "bad", "--fail-on", "critical", "--strict"]).code, Some(3));
    assert_eq!(scene.run(&["check", "bad", "--fail-on", "critical"]).code, Some(0));
    scene.refused(why, "bad/nginx.conf", Some(3));
}

#[test]
fn a_fifo() {
    let scene = Scene::new(including("pipe"));
    make_fifo(&scene.folder.join("bad/pipe"));
    is_not_read(&scene, "pipe", "not a regular file but a FIFO");
}

#[test]
fn a_socket() {
    let scene = Scene::new(including("door"));
    let _listener = UnixListener::bind(scene.folder.join("bad/door")).unwrap();
    is_not_read(&scene, "door", "not a regular file but a socket");
}

#[test]
fn a_folder() {
    let scene = Scene::new(including("parts"));
    fs::create_dir(scene.folder.join("bad/parts")).unwrap();
    is_not_read(&scene, "parts", "not a regular file but a folder");
}

#[test]
fn nothing() {
    is_not_read(&Scene::new(including("gone.conf")), "gone.conf", "no such file");
    let scene = Scene::new(including("a/../b//./c"));
    is_not_read(&scene, "a/../b//./c", "no such file");
}

#[test]
fn two_gigabytes_of_zeros() {
    let scene = Scene::new(including("zeros"));
    File::create(scene.folder.join("bad/zeros")).unwrap().set_len(2 << 30).unwrap();
    is_not_read(&scene, "zeros", "larger than the limit of 8388608 bytes");
}

#[test]
fn links_in_a_circle() {
    let scene = Scene::new(including("link"));
    std::os::unix::fs::symlink("link", scene.folder.join("bad/link")).unwrap();
    scene.survives(&[
        "note: bad/nginx.conf:3:13: not read: link: ",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
    ]);
    scene.refused("symbolic links", "bad/nginx.conf", Some(3));
}

#[test]
fn what_may_not_be_read() {
    let scene = Scene::new(including("closed"));
    scene.write("bad/closed", "gzip on;\n");
    fs::set_permissions(scene.folder.join("bad/closed"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(&scene.folder, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = scene.run_unprivileged(&["check", "--format", "concise"]);
    assert!(ran.err.contains("bad/nginx.conf:3:13: not read: read access to closed"), "{}", ran.err);
    for said in
        ["good/nginx.conf:7:13: medium[nginx/autoindex-on]", "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]"]
    {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let ran = scene.run_unprivileged(&["effective", "bad/nginx.conf"]);
    let first = &ran.json()["errors"][0];
    assert_eq!((ran.code, first["line"].as_u64()), (Some(1), Some(3)), "{first}");
    assert!(first["message"].as_str().unwrap().contains("permission denied"), "{first}");
}

#[test]
fn the_main_file_is_no_file() {
    type Make = fn(&std::path::Path);
    let makes: [(Make, &str); 4] = [
        (make_fifo, "not a regular file but a FIFO"),
        (|path| drop(UnixListener::bind(path).unwrap()), "not a regular file but a socket"),
        (|path| File::create(path).unwrap().set_len(2 << 30).unwrap(), "larger than the limit of 8388608 bytes"),
        (|path| std::os::unix::fs::symlink("nginx.conf", path).unwrap(), "symbolic links"),
    ];
    for (make, why) in makes {
        let scene = Scene::new("");
        let path = scene.folder.join("bad/nginx.conf");
        fs::remove_file(&path).unwrap();
        make(&path);
        scene.survives(&["warning: bad/nginx.conf: not looked at: ", why, "1 subject, "]);
        scene.refused(why, "bad/nginx.conf", None);
        // By name it is the same, and nothing else is there to be said: that is no success.
        let ran = scene.run(&["check", "bad/nginx.conf", "--strict"]);
        assert!(ran.code == Some(3) && ran.err.contains(why), "{ran:?}");
    }
    let scene = Scene::new("");
    fs::remove_file(scene.folder.join("bad/nginx.conf")).unwrap();
    fs::create_dir(scene.folder.join("bad/nginx.conf")).unwrap();
    scene.survives(&["1 subject, "]);
    scene.refused("not a regular file but a folder", "bad/nginx.conf", None);
}

#[test]
fn itself() {
    let scene = Scene::new(including("nginx.conf"));
    scene.survives(&[
        "bad/nginx.conf:3:5: high[nginx/will-not-start] nginx refuses to start: includes itself",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
        "2 subjects, ",
    ]);
    scene.refused("includes itself", "bad/nginx.conf", Some(3));
    // A glob that the file itself is among.
    let scene = Scene::new(including("*.conf"));
    scene.survives(&["bad/nginx.conf:3:5: high[nginx/will-not-start] nginx refuses to start: includes itself"]);
    scene.refused("includes itself", "bad/nginx.conf", Some(3));
}

#[test]
fn a_ring_of_three() {
    let scene = Scene::new(including("a.conf"));
    scene.write("bad/a.conf", "include b.conf;\n");
    scene.write("bad/b.conf", "gzip on;\ninclude ./c.conf;\n");
    scene.write("bad/c.conf", "include a.conf;\nautoindex on;\n");
    scene.survives(&[
        "bad/c.conf:1:1: high[nginx/will-not-start] nginx refuses to start: includes itself",
        "bad/c.conf:2:1: medium[nginx/autoindex-on]",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
        "2 subjects, ",
    ]);
    scene.refused("includes itself", "bad/c.conf", Some(1));
}

/// A ring that no main configuration includes: the first of them stands for all.
#[test]
fn a_ring_of_fragments() {
    let scene = Scene::new("events { }\n");
    scene.write("ring/a.conf", "server { listen 8080; autoindex on; include b.conf; }\n");
    scene.write("ring/b.conf", "server_name b.example;\ninclude c.conf;\n");
    scene.write("ring/c.conf", "server_tokens on;\ninclude a.conf;\n");
    scene.survives(&[
        "ring/a.conf:1:23: medium[nginx/autoindex-on]",
        "ring/c.conf:2:1: high[nginx/will-not-start] nginx refuses to start: includes itself",
        "ring/c.conf:1:1: low[nginx/version-shown-by-setting]",
        "3 subjects, ",
    ]);
}

#[test]
fn a_chain_that_is_too_long() {
    let scene = Scene::new(including("part-0"));
    for index in 0..1_000 {
        scene.write(&format!("bad/part-{index}"), format!("include part-{};\n", index + 1));
    }
    scene.survives(&["bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]", ": high[nginx/will-not-start]"]);
}

#[test]
fn includes_that_double_at_every_step() {
    let scene = Scene::new(including("part-0"));
    for index in 0..60 {
        scene.write(&format!("bad/part-{index}"), format!("include part-{0};\ninclude part-{0};\n", index + 1));
    }
    scene.write("bad/part-60", "# nothing\n");
    scene.survives(&[": not read: more than 4096 files\n", "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]"]);
}

/// A large file, again and again: it is read once, and what it says is counted each time.
#[test]
fn the_same_file_a_thousand_times() {
    let scene = Scene::new(including("many"));
    scene.write("bad/many", "include large;\n".repeat(1_000));
    scene.write("bad/large", "# nothing\n".repeat(100_000));
    scene.survives(&[
        "note: bad/many:68:9: not read: more than 67108864 bytes\n",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
    ]);
}

#[test]
fn a_glob_of_thousands() {
    let scene = Scene::new(including("parts/*.conf"));
    for index in 0..1_000 {
        scene.write(&format!("bad/parts/{index}.conf"), format!("map $uri $v{index} {{ default x; }}\n"));
    }
    scene.write("bad/parts/499.conf", "autoindex on;\n");
    scene.survives(&[
        "bad/parts/499.conf:1:1: medium[nginx/autoindex-on]",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
        "2 subjects, ",
    ]);
    scene.write("bad/parts/999.conf", "bogus on;\n");
    scene.refused("unknown directive \"bogus\"", "bad/parts/999.conf", Some(1));
}

#[test]
fn a_glob_of_more_than_is_read() {
    let scene = Scene::new(including("parts/*"));
    for index in 0..4_200 {
        scene.write(&format!("bad/parts/{index}"), "");
    }
    scene.survives(&[
        "note: bad/nginx.conf:3:13: not read: more than 4096 files\n",
        "bad/nginx.conf:3:13: unknown[",
        "bad/nginx.conf:4:5: low[nginx/version-shown-by-setting]",
    ]);
}
