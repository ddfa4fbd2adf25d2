//! From settings to the door: what a configuration says about who gets in, for `listen` and `reach`.

use super::conf::{Held, Loaded, Mode};
use super::directive::SettingId;
use super::door::{
    AuthClients, Bind, Cluster, DefaultUser, Door, Epoch, Host, Maybe, Setting, Tls, TlsFile, UnixSocket,
};
use super::include::written_path;
use super::value::Typed;
use crate::files::Files;
use crate::text::Span;

/// `sentinel.c: REDIS_SENTINEL_PORT`.
pub const SENTINEL_PORT: u16 = 26379;

/// The door of a configuration.
pub fn door(loaded: &Loaded, user: DefaultUser, umask: Maybe<u32>, host: Host, mode: Mode, files: &dyn Files) -> Door {
    let mut door = plain(loaded, user, umask, host, mode, files);
    // `sentinel.c:initSentinelConfig`, all versions.
    if loaded.sentinel && matches!(loaded.named("port"), Held::Default(_)) {
        door.port = Maybe::Known(SENTINEL_PORT);
    }
    if loaded.sentinel && matches!(loaded.named("protected-mode"), Held::Default(_)) {
        door.protected_mode = Maybe::Known(false);
    }
    door
}

/// The door of a plain server.
fn plain(loaded: &Loaded, user: DefaultUser, umask: Maybe<u32>, host: Host, mode: Mode, files: &dyn Files) -> Door {
    let from = From { loaded, mode, files };
    Door {
        epoch: Epoch::of(loaded.version),
        bind: from.bind(),
        bind_at: span(loaded, "bind"),
        port: from.number("port").map(|port| u16::try_from(*port).unwrap_or(0)),
        tls_port: from.number("tls-port").map(|port| u16::try_from(*port).unwrap_or(0)),
        protected_mode: from.flag("protected-mode"),
        unixsocket: from.socket(),
        unixsocketperm: from.number("unixsocketperm").map(|mode| u32::try_from(*mode).unwrap_or(0)),
        umask,
        tls: Tls {
            auth_clients: from.value("tls-auth-clients", AuthClients::Yes, |typed| match typed {
                Typed::Word("no") => Some(AuthClients::No),
                Typed::Word("optional") => Some(AuthClients::Optional),
                _ => Some(AuthClients::Yes),
            }),
            cert: from.tls_file("tls-cert-file", "CERTIFICATE"),
            key: from.tls_file("tls-key-file", "PRIVATE KEY"),
            ca: from.authority(),
            replication: from.flag("tls-replication"),
            cluster: from.flag("tls-cluster"),
        },
        cluster: Cluster {
            enabled: from.flag("cluster-enabled"),
            port: from.number("cluster-port").map(|port| u16::try_from(*port).unwrap_or(0)),
        },
        default_user: user,
        host,
    }
}

/// The place of what decides: where it is written, or else the end of the main source.
pub fn place(loaded: &Loaded, setting: Setting) -> Span {
    if let Setting::Bind(Some(item)) = setting
        && let Held::Written(_, Typed::Addresses(all)) = loaded.named("bind")
        && let Some(at) = all.get(item).and_then(|address| address.at)
    {
        return at;
    }
    setting.directive().map_or(loaded.end, |name| span(loaded, name))
}

fn span(loaded: &Loaded, name: &str) -> Span {
    let write = SettingId::of(name).and_then(|setting| loaded.last_write(setting));
    write.map_or(loaded.end, |(_, write)| write.value)
}

struct From<'a> {
    loaded: &'a Loaded,
    mode: Mode,
    files: &'a dyn Files,
}

impl From<'_> {
    /// A value, `absent` in versions that do not have the setting.
    fn value<T>(&self, name: &str, absent: T, read: impl Fn(&Typed) -> Option<T>) -> Maybe<T> {
        match self.loaded.named(name) {
            Held::Unknown(unknown) => Maybe::Unknown(unknown.clone()),
            held => Maybe::Known(held.typed().and_then(read).unwrap_or(absent)),
        }
    }

    fn flag(&self, name: &str) -> Maybe<bool> {
        self.value(name, false, |typed| Some(*typed == Typed::Bool(true)))
    }

    fn number(&self, name: &str) -> Maybe<i64> {
        self.value(name, 0, |typed| match typed {
            Typed::Int(value) => Some(*value),
            _ => None,
        })
    }

    fn path(&self, name: &str) -> Maybe<Option<Vec<u8>>> {
        self.value(name, None, |typed| match typed {
            Typed::Bytes(bytes) if !bytes.is_empty() => Some(Some(bytes.to_vec())),
            _ => None,
        })
    }

    fn bind(&self) -> Maybe<Bind> {
        match self.loaded.named("bind") {
            Held::Unknown(unknown) => Maybe::Unknown(unknown.clone()),
            Held::Written(_, Typed::Addresses(all)) => {
                let item =
                    |address: &super::value::Address| Maybe::Known(String::from_utf8_lossy(&address.text).into_owned());
                Maybe::Known(Bind::Items(all.iter().map(item).collect()))
            }
            _ => Maybe::Known(Bind::NotWritten),
        }
    }

    fn socket(&self) -> Maybe<Option<UnixSocket>> {
        self.path("unixsocket").map(|path| {
            let path = path.as_ref()?;
            let usable = match (&self.loaded.folder, self.mode) {
                (Ok(folder), Mode::Server) => {
                    // An old socket is removed first; what counts is the folder.
                    let folder = folder.resolve(&written_path(path)).parent();
                    Maybe::Known(self.files.list(&folder).is_ok())
                }
                (Err(unknown), _) => Maybe::Unknown(unknown.clone()),
                (_, Mode::Check) => Maybe::Known(true),
            };
            Some(UnixSocket { path_length: path.len(), usable })
        })
    }

    /// A file of PEM blocks. Whether they fit together only OpenSSL can tell.
    fn tls_file(&self, name: &str, label: &str) -> Maybe<TlsFile> {
        self.path(name).map(|path| {
            let Some(path) = path else { return TlsFile::NotSet };
            let (Mode::Server, Ok(folder)) = (self.mode, &self.loaded.folder) else { return TlsFile::Unchecked };
            let has_block = |bytes: &[u8]| {
                memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
                    && memchr::memmem::find(bytes, label.as_bytes()).is_some()
            };
            match self.files.read(&folder.resolve(&written_path(path))) {
                Ok(bytes) if has_block(&bytes) => TlsFile::Usable,
                _ => TlsFile::Unusable,
            }
        })
    }

    fn authority(&self) -> Maybe<TlsFile> {
        match (self.tls_file("tls-ca-cert-file", "CERTIFICATE"), self.path("tls-ca-cert-dir")) {
            (Maybe::Known(TlsFile::NotSet), Maybe::Known(Some(_))) => Maybe::Known(TlsFile::Unchecked),
            (Maybe::Known(TlsFile::NotSet), Maybe::Unknown(unknown)) => Maybe::Unknown(unknown),
            (file, _) => file,
        }
    }
}
