//! What the random configurations are made of.

/// Names of servers: exact, with a wildcard, by a regular expression, and a host that each matches.
pub const NAMES: [(&str, &str); 4] = [
    ("shop.example", "shop.example"),
    ("www.shop.example api.shop.example", "api.shop.example"),
    ("blog.example", "BLOG.example"),
    ("\"admin.example\"", "admin.example"),
];
/// Names with a wildcard.
pub const WILDCARDS: [(&str, &str); 4] = [
    ("*.shop.example", "eu.shop.example"),
    ("shop.*", "shop.test"),
    (".blog.example", "blog.example"),
    ("*.example", "x.y.example"),
];
/// Names that are a regular expression.
pub const PATTERNS: [(&str, &str); 4] = [
    ("~^www\\d+\\.example$", "www12.example"),
    ("~^(?<tenant>[a-z]+)\\.app\\.example$", "acme.app.example"),
    ("\"~^v\\d{2}\\.example$\"", "v42.example"),
    ("~shop", "myshop.test"),
];

/// Prefix locations.
pub const PREFIXES: [&str; 9] =
    ["/api/", "/static/", "/admin/", "/docs/", "/img", "/files/", "/up/", "/api/v2/", "/static/js/"];
/// Exact locations.
pub const EXACTS: [&str; 6] = ["/", "/login", "/health", "/favicon.ico", "/docs/", "/static/app.js"];
/// Regular expressions, case-sensitive or not.
pub const REGEXES: [&str; 10] = [
    "~ \\.php$",
    "~ \\.(js|css|png)$",
    "~ ^/api/v[0-9]+/",
    "~ /\\.",
    "~* \\.TXT$",
    "~ ^/user/(\\w+)/",
    "~ ^/u/(?<name>[a-z]+)",
    "~* \"\\.(?:bak|sql){1}$\"",
    "~ '^/docs/'",
    "~ /\\.(?!well-known)",
];

/// A target for each.
pub const REGEX_TARGETS: [(&str, &str); 10] = [
    ("~ \\.php$", "/up/shell.php"),
    ("~ \\.(js|css|png)$", "/static/app.js"),
    ("~ ^/api/v[0-9]+/", "/api/v1/x"),
    ("~ /\\.", "/.git/config"),
    ("~* \\.TXT$", "/files/a.txt"),
    ("~ ^/user/(\\w+)/", "/user/ann/x"),
    ("~ ^/u/(?<name>[a-z]+)", "/u/bob"),
    ("~* \"\\.(?:bak|sql){1}$\"", "/files/dump.SQL"),
    ("~ '^/docs/'", "/docs/index.html"),
    ("~ /\\.(?!well-known)", "/.env"),
];

/// The files that are there to serve, below `site` and `alt`.
pub const FILES: [&str; 17] = [
    "site/index.html",
    "site/a.html",
    "site/404.html",
    "site/50x.html",
    "site/favicon.ico",
    "site/static/app.js",
    "site/static/x.txt",
    "site/static/js/b.js",
    "site/img/logo.png",
    "site/docs/index.html",
    "site/admin/index.html",
    "site/admin/x.txt",
    "site/.git/config",
    "site/up/shell.php",
    "site/files/a.txt",
    "alt/index.html",
    "alt/a.txt",
];

/// Targets of requests, beside those that a location asks for.
pub const TARGETS: [&str; 32] = [
    "/",
    "/a.html",
    "/nothing",
    "/nothing.html",
    "/static/app.js",
    "/static/x.txt",
    "/static/missing.js",
    "/static/js/b.js",
    "/static/../admin/x.txt",
    "/static",
    "/static//x.txt",
    "//admin/x.txt",
    "/docs",
    "/docs/",
    "/docs/index.html",
    "/admin/",
    "/admin/x.txt",
    "/admin/x%2etxt",
    "/.git/config",
    "/%2egit/config",
    "/up/shell.php",
    "/up/shell.PHP",
    "/files/a.txt",
    "/files/a.TXT",
    "/img/logo.png",
    "/img/",
    "/api/v1/x",
    "/api/v2/items",
    "/user/ann/x",
    "/u/bob",
    "/index.html",
    "/files/dump.sql",
];

/// Headers of answers, with names and values as they are set.
pub const ANSWER_HEADERS: [&str; 24] = [
    "X-Frame-Options DENY",
    "X-Frame-Options \"SAMEORIGIN\"",
    "X-Content-Type-Options nosniff",
    "Strict-Transport-Security \"max-age=63072000; includeSubDomains\"",
    "Content-Security-Policy \"default-src 'self'; # none\"",
    "Content-Security-Policy 'default-src \\'none\\'; img-src *'",
    "Referrer-Policy no-referrer",
    "Cache-Control no-store",
    "Cache-Control \"public, max-age=60\"",
    "X-Note a#add_header",
    "X-Host $host",
    "X-Method $request_method",
    "X-Args \"<$args>\"",
    "X-Scheme ${scheme}s",
    "X-Arg $arg_a",
    "X-Cookie \"sid=$cookie_sid\"",
    "Access-Control-Allow-Origin $http_origin",
    "X-Name $server_name",
    "X-Uri $uri",
    "X-Empty \"\"",
    "X-Powered-By hardline",
    "Set-Cookie \"seen=1; Path=/\"",
    "Vary Origin",
    "X-Client $remote_addr",
];

/// Headers of requests to the upstream.
pub const ASKED_HEADERS: [&str; 14] = [
    "Host $host",
    "Host $http_host",
    "Host app.internal",
    "X-Real-IP $remote_addr",
    "X-Forwarded-For $proxy_add_x_forwarded_for",
    "X-Forwarded-Proto $scheme",
    "X-Forwarded-Host $host",
    "Upgrade $http_upgrade",
    "Connection \"\"",
    "Cookie \"\"",
    "Authorization \"\"",
    "X-Original-URI $request_uri",
    "X-Method $request_method",
    "X-Arg \"a=$arg_a\"",
];

/// Conditions of `if`.
pub const CONDITIONS: [&str; 14] = [
    "$request_method = POST",
    "$request_method != GET",
    "$request_method ~ ^(PUT|DELETE)$",
    "$http_origin ~* example\\.com",
    "$http_origin = \"https://shop.example\"",
    "$arg_a",
    "$arg_a ~ ^[0-9]+$",
    "$cookie_sid",
    "$cookie_sid != \"\"",
    "$host ~ ^(?<part>[a-z]+)\\.",
    "$http_user_agent ~* \"curl|wget\"",
    "-f $request_filename",
    "!-e $request_filename",
    "$uri !~ ^/api/",
];

/// Rewrites.
pub const REWRITES: [&str; 12] = [
    "^/old/(.*)$ /files/$1 last",
    "^/static/(.*)$ /img/$1 break",
    "^/docs$ /docs/ permanent",
    "^/go$ /a.html redirect",
    "^/api/v1/(.*) /api/v2/$1 last",
    "^/user/([a-z]+)/ /u/$1? last",
    "^/nothing$ /a.html",
    "^/(a)\\.html$ /$1.txt break",
    "\\.TXT$ /index.html last",
    "\"^/v/([0-9]{2})$\" /files/$1 last",
    "^/x http://other.example/y",
    "^/files/(.*)$ https://cdn.example/$1 permanent",
];

/// What `return` takes.
pub const RETURNS: [&str; 14] = [
    "200 ok",
    "200 \"a b\"",
    "204",
    "301 /moved",
    "301 https://$host$request_uri",
    "302 https://other.example/",
    "303 $scheme://$host/next",
    "307 /login?next=$uri",
    "403",
    "404",
    "410 gone",
    "503",
    "444",
    "https://short.example/",
];

/// What `error_page` takes.
pub const ERROR_PAGES: [&str; 12] = [
    "404 /404.html",
    "404 =200 /index.html",
    "404 = /index.html",
    "500 502 503 504 /50x.html",
    "403 =404 /404.html",
    "403 @denied",
    "404 = @denied",
    "401 =302 /login",
    "404 https://other.example/lost",
    "413 /50x.html",
    "404 =410 @denied",
    "405 =200 /a.html",
];

/// Lines about caching in a server or a location that need a zone.
pub const CACHING: [&str; 18] = [
    "proxy_cache_valid 200 302 10m",
    "proxy_cache_valid 5m",
    "proxy_cache_valid any 1m",
    "proxy_cache_valid 404 1m",
    "proxy_cache_valid 200 0",
    "proxy_cache_key $scheme$host$request_uri",
    "proxy_cache_key \"$host$uri\"",
    "proxy_cache_key $request_uri|$cookie_sid",
    "proxy_cache_bypass $cookie_sid $http_authorization",
    "proxy_cache_bypass $arg_nocache",
    "proxy_no_cache $cookie_sid $http_authorization",
    "proxy_no_cache $arg_nocache",
    "proxy_cache_methods GET HEAD POST",
    "proxy_ignore_headers Set-Cookie",
    "proxy_ignore_headers Set-Cookie Cache-Control Expires Vary",
    "proxy_ignore_headers X-Accel-Expires",
    "proxy_cache_convert_head off",
    "proxy_cache_min_uses 1",
];

/// Rules of access, each a whole list.
pub const ACCESS: [&[&str]; 8] = [
    &["allow 127.0.0.1", "deny all"],
    &["allow 10.0.0.0/8", "deny all"],
    &["allow 127.0.0.0/24", "deny all"],
    &["deny 127.0.0.0/8", "allow all"],
    &["allow all"],
    &["allow 10.0.0.0/8"],
    &["deny 192.168.0.0/16", "allow 127.0.0.0/8", "deny all"],
    &["allow ::1", "allow unix:", "deny all"],
];

/// What an upstream says beside its status.
pub const REPLIES: [(&str, &str); 18] = [
    ("Set-Cookie", "sid=abc; Path=/"),
    ("Set-Cookie", "theme=dark; Path=/; HttpOnly"),
    ("Cache-Control", "private"),
    ("Cache-Control", "max-age=60"),
    ("Cache-Control", "no-store"),
    ("Cache-Control", "public, s-maxage=300"),
    ("X-Powered-By", "PHP/8.2"),
    ("Server", "Apache/2.4.1"),
    ("Vary", "Accept-Encoding"),
    ("Vary", "*"),
    ("X-Accel-Expires", "60"),
    ("X-Accel-Expires", "0"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Expires", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ("X-Backend", "7"),
    ("X-Pad", "x"),
    ("Access-Control-Allow-Origin", "*"),
    ("Strict-Transport-Security", "max-age=1"),
];

/// Headers of the client.
pub const CLIENT_HEADERS: [(&str, &str); 14] = [
    ("Cookie", "sid=alice"),
    ("Cookie", "sid=0"),
    ("Cookie", "theme=dark; sid=bob"),
    ("Authorization", "Basic YWxpY2U6d29uZGVy"),
    ("Authorization", "Basic YWxpY2U6d3Jvbmc="),
    ("Authorization", "Bearer alice"),
    ("Origin", "https://shop.example"),
    ("Origin", "https://example.com.evil.test"),
    ("X-Forwarded-For", "10.1.2.3"),
    ("User-Agent", "curl/8.0"),
    ("User-Agent", "Mozilla/5.0"),
    ("Accept-Encoding", "gzip"),
    ("Upgrade", "websocket"),
    ("X-Custom", "a b"),
];
