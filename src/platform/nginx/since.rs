//! What requests meet differently in one version and the next (`CHANGES` of nginx).

use super::version::Version;

impl Version {
    /// Whether several lines of one request header are one to variables (1.23.0).
    pub fn joins_headers(self) -> bool {
        self.since(1, 23, 0)
    }

    /// Whether `X-Accel-Expires` goes before `Cache-Control`, and that before `Expires`, in whatever order they come
    /// (1.23.0). Before, the first that is understood stays.
    pub fn weighs_freshness(self) -> bool {
        self.since(1, 23, 0)
    }

    /// Whether upstreams are told `Connection: close` by default: until HTTP/1.1 became the default (1.29.7).
    pub fn closes_upstream(self) -> bool {
        !self.since(1, 29, 7)
    }

    /// Whether of several `proxy_set_header Host` only the last is sent: seen of 1.31, not of 1.22.
    pub fn takes_last_host(self) -> bool {
        self.since(1, 31, 0)
    }
}
