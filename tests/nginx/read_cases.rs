//! Texts with the tree that they make and what nginx says, and texts that nginx never sees like this.

/// What follows `events { }`, its tree, and nginx's answer: nothing where it takes it, else a line and words.
pub const CASES: &[(&[u8], &str, &str)] = &[
    // Quotes.
    (b"env A;", "0..6 env A", ""),
    (b"env \"A=b c\";", r#"0..12 env "A=b c""#, ""),
    (b"env 'A=b;c{d}#e';", r#"0..17 env "A=b;c{d}#e""#, ""),
    (b"env \"A='b'\";", r#"0..12 env "A='b'""#, ""),
    (b"env \"A=b\nc\";\nbogus;", r#"0..12 env "A=b\nc"; 13..19 bogus"#, "3 unknown directive \"bogus\""),
    (b"\"env\" A;", r#"0..8 "env" A"#, ""),
    (b"env A\"b\"c;", r#"0..10 env A"b"c"#, ""),
    (b"env \"A\"b;", r#"0..8 env "A"; !7..8 unexpected "b"; 7..9 b"#, "1 unexpected \"b\""),
    (b"env \"A\"\"b\";", r#"0..8 env "A"; !7..8 unexpected """; 7..11 "b""#, "1 unexpected \"\"\""),
    (b"env \"\";", r#"0..7 env """#, ""),
    (
        b"env \"A\n;\nbogus on;",
        r#"0..18 env "A\n;\nbogus on;"; !4..18 unexpected end of file: the quote " is never closed"#,
        "- unexpected end of file",
    ),
    (b"\"\" A;", r#"0..5 "" A"#, "1 unknown directive \"\""),
    // Escapes.
    (b"http { gzip \"o\\\"n\"; }", r#"0..6 http { 7..19 gzip "o"n" }20"#, "1 invalid value \"o\"n\" in"),
    (b"http { gzip o\\;n; }", r#"0..6 http { 7..17 gzip o\\;n }18"#, "1 invalid value \"o\\;n\" in"),
    (b"http { gzip o\\ n; }", r#"0..6 http { 7..17 gzip o\\ n }18"#, "1 invalid value \"o\\ n\" in"),
    (b"http { gzip 'o\\'n'; }", r#"0..6 http { 7..19 gzip "o'n" }20"#, "1 invalid value \"o'n\" in"),
    (b"http { gzip o\\\\n; }", r#"0..6 http { 7..17 gzip o\\n }18"#, "1 invalid value \"o\\n\" in"),
    (b"http { gzip o\\\"n; }", r#"0..6 http { 7..17 gzip o"n }18"#, "1 invalid value \"o\"n\" in"),
    (b"http { gzip \\d+; }", r#"0..6 http { 7..16 gzip \\d+ }17"#, "1 invalid value \"\\d+\" in"),
    (b"http { gzip a\\tb; }", r#"0..6 http { 7..17 gzip a\tb }18"#, "1 invalid value \"a\tb\" in"),
    (b"http { gzip o\\{n; }", r#"0..6 http { 7..17 gzip o\\{n }18"#, "1 invalid value \"o\\{n\" in"),
    (b"env A\\", r#"0..6 env A\\; !0..6 unexpected end of file, expecting ";" or "}""#, "- unexpected end of file"),
    // Comments begin where a word would.
    (b"# env {\nenv A; # bogus on;\n", "8..14 env A", ""),
    (b"env A#b;", "0..8 env A#b", ""),
    (b"env A;#b\n#c", "0..6 env A", ""),
    (b"env # A;\nA;", "0..11 env A", ""),
    (b"env \"#A\";", "0..9 env \"#A\"", ""),
    (b"env A # b\n;", "0..11 env A", ""),
    // Variables in braces.
    (b"env ${A}b;", "0..10 env ${A}b?", ""),
    (b"env $ {\n}", "0..7 env $ {  }8", "1 directive \"env\" is not terminated by \";\""),
    (b"env a${b;", "0..9 env a${b", ""),
    (b"env $${a};", "0..10 env $${a}", ""),
    (b"env \"${A\";", r#"0..10 env "${A""#, ""),
    // Marks glued to words, and marks alone.
    (b"env A;env B;env C;", "0..6 env A; 6..12 env B; 12..18 env C", ""),
    (b"http{map $uri $a{default b;}}", "0..5 http { 5..17 map $uri $a { 17..27 default b }27 }28", ""),
    (b"http{types{text/html html;}}", "0..5 http { 5..11 types { 11..26 text/html html }26 }27", ""),
    (b"env A;;", r#"0..6 env A; !6..7 unexpected ";""#, "1 unexpected \";\""),
    (b"env A;\n{ env B; }", r#"0..6 env A; !7..8 unexpected "{"; 9..15 env B"#, "2 unexpected \"{\""),
    (b"}", r#"!0..1 unexpected "}""#, "1 unexpected \"}\""),
    (b"env A;\n}\nenv B;", r#"0..6 env A; !7..8 unexpected "}"; 9..15 env B"#, "2 unexpected \"}\""),
    (b"env\nA\n;\nbogus\n;", "0..7 env A; 8..15 bogus", "5 unknown directive \"bogus\""),
    (b"env A}b;", "0..8 env A}b", ""),
    (b"env A }\nbogus;", r#"0..7 env A; !6..7 unexpected "}"; 8..14 bogus"#, "1 unexpected \"}\""),
    // What is missing.
    (b"env A\nenv B;", "0..12 env A env B", "2 invalid number of arguments in \"env\" directive"),
    (
        b"http {\nserver {\n",
        "0..6 http { 7..15 server { !7..13 unexpected end of file, expecting \"}\" }16; \
         !0..4 unexpected end of file, expecting \"}\" }16",
        "- unexpected end of file, expecting \"}\"",
    ),
    (
        b"env A",
        r#"0..5 env A; !0..5 unexpected end of file, expecting ";" or "}""#,
        "- unexpected end of file, expecting \";\" or \"}\"",
    ),
    (b"http {\ngzip on\n}", r#"0..6 http { 7..16 gzip on; !15..16 unexpected "}" }15"#, "3 unexpected \"}\""),
    (b"http {\n{\ngzip on;\n}\n}", r#"0..6 http { !7..8 unexpected "{"; 9..17 gzip on }20"#, "2 unexpected \"{\""),
    // Bytes.
    (b"\xef\xbb\xbfenv A;", r#"0..9 \u{feff}env A"#, "1 unknown directive \"\u{feff}env\""),
    (b"env A;\r\nenv B; # c\r\nbogus;\r\n", "0..6 env A; 8..14 env B; 20..26 bogus", "3 unknown directive \"bogus\""),
    (b"env A; # b\rbogus;", "0..6 env A", ""),
    (b"env\tA\r;", "0..7 env A", ""),
    (b"env\x0bA;", r#"0..6 env\u{b}A"#, "1 unknown directive \"env\x0bA\""),
    (b"env \xff\xfe;", r#"0..7 env \u{1a}\u{1a}"#, ""),
    (b"\xff\xfe A;\nenv B;", r#"0..5 \u{1a}\u{1a} A; 6..12 env B"#, "1 unknown directive"),
    ("env é\u{a0}b;".as_bytes(), r#"0..10 env é\u{a0}b"#, ""),
];

/// Texts that a template engine fills in first, and blocks in Lua, with their trees.
pub const FILLED: &[(&str, &str)] = &[
    ("listen ${PORT};\nset $a ${uri};", "0..15 listen ${PORT}?; 16..30 set $a ${uri}"),
    ("root /srv/${NAME}/$host;", "0..24 root /srv/${NAME}/$host?"),
    ("return 200 \"${MESSAGE} $uri\";", r#"0..29 return 200 "${MESSAGE} $uri"?"#),
    ("root @ROOT@/a; listen __PORT__;", "0..14 root @ROOT@/a?; 15..31 listen __PORT__?"),
    ("listen {{ port }};\ngzip on;", "0..18 listen {{ port }}?; 19..27 gzip on"),
    ("server_name {{ a }}.example {{ b|join(' ') }};", "0..46 server_name {{ a }}.example? {{ b|join(' ') }}?"),
    (
        "{% if tls %}\nlisten 443;\n{% else %}\nlisten 80;\n{% endif %}",
        "%0..12; 13..24 listen 443; %25..35; 36..46 listen 80; %47..58",
    ),
    ("{# a comment; { #}\ngzip on;", "19..27 gzip on"),
    ("{{ everything }}\ngzip on;", "%0..16; 17..25 gzip on"),
    ("{{- range .Hosts }}\nserver_name {{ .Name }};\n{{- end }}", "%0..19; 20..44 server_name {{ .Name }}?; %45..55"),
    ("gzip {% if a %}on{% else %}off{% endif %};", "0..42 gzip ? on{% else %}off{% endif %}?"),
    ("<% if a %>\ngzip <%= b %>;\n<% end %>", "%0..10; 11..25 gzip <%= b %>?; %26..35"),
    ("{% set a = 1 %}\ngzip on;", "16..24 gzip on"),
    (
        "listen {{ port;\ngzip on;",
        "0..8 listen  { !8..9 unexpected \"{\"; 10..15 port; 16..24 gzip on; \
         !0..6 unexpected end of file, expecting \"}\" }24",
    ),
    (
        "content_by_lua_block {\n  local a = { b = \"}\" } -- }\n  return [[ } ]]\n}\ngzip on;",
        "0..22 content_by_lua_block ~21..70; 71..79 gzip on",
    ),
    ("access_by_lua_block {\n  --[==[ } ]] ]==]\n  if a then b() end\n", "0..21 access_by_lua_block ~20..61"),
    ("content_by_lua 'return { }';\ngzip on;", r#"0..28 content_by_lua "return { }"; 29..37 gzip on"#),
];
