//! Putting changed bytes in a file's place: the whole file or nothing, and nothing where that could lose something.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file was not written; it is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// Somebody changed it meanwhile.
    #[error("it has changed since it was read")]
    Changed,
    /// It is not there any more.
    #[error("it is not there any more")]
    Gone,
    /// A folder, device or the like is there now.
    #[error("it is no regular file any more")]
    NotAFile,
    /// Its mode says that it is not to be written.
    #[error("it is read-only")]
    ReadOnly,
    /// Replacing it would part its names; writing into it would change what may be a backup, and not all at once.
    #[error("it has {0} names (hard links), which replacing it would part")]
    Linked(u64),
    /// The new file would belong to somebody else.
    #[error("its owner and group cannot be kept: {0}")]
    Owner(io::Error),
    /// Anything else, in the system's words.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Replaces a file that holds `before` by one that holds `after`, with the same mode and owner. The path is one
/// without symbolic links: what links point at is replaced, never a link.
///
/// # Errors
/// [`NotWritten`] says why the file is as it was.
pub fn replace(path: &Path, before: &[u8], after: &[u8]) -> Result<(), NotWritten> {
    let metadata = unchanged(path, before)?;
    if metadata.permissions().readonly() {
        return Err(NotWritten::ReadOnly);
    }
    let names = names(&metadata);
    if names > 1 {
        return Err(NotWritten::Linked(names));
    }
    // A folder that may be written does not make its files so; nothing is written here.
    OpenOptions::new().write(true).open(path)?;
    let (temporary, mut file) = beside(path)?;
    let done = fill(&mut file, &metadata, after).and_then(|()| {
        drop(file);
        // Again, as late as can be: what was done to the file meanwhile must not be lost.
        unchanged(path, before)?;
        Ok(fs::rename(&temporary.0, path)?)
    });
    if done.is_ok() {
        temporary.keep();
        // The new name is on the disk once its folder is. Where a folder cannot be synced, the file is replaced anyway.
        let folder = path.parent().and_then(|folder| File::open(folder).ok());
        let _ = folder.map(|folder| folder.sync_all());
    }
    done
}

/// What the system says of a file that still holds these bytes.
fn unchanged(path: &Path, before: &[u8]) -> Result<Metadata, NotWritten> {
    let missing = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NotWritten::Gone,
        _ => NotWritten::Io(error),
    };
    let metadata = fs::symlink_metadata(path).map_err(missing)?;
    if !metadata.is_file() {
        return Err(NotWritten::NotAFile);
    }
    // The length first: a file that has grown beyond all bounds is not read.
    if metadata.len() != before.len() as u64 || fs::read(path).map_err(missing)? != before {
        return Err(NotWritten::Changed);
    }
    Ok(metadata)
}

/// A file that goes when this does, unless it was renamed.
struct Temporary(PathBuf);

impl Temporary {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is ours and of no use; where it cannot be taken away there is nothing else to do.
        let _ = fs::remove_file(&self.0);
    }
}

/// How many names are tried for a temporary file.
const TRIED: u32 = 100;

/// A new file in the same folder, which only we can read. Its name begins with a dot and ends with a number, so that
/// no `include *.conf` takes it.
fn beside(path: &Path) -> io::Result<(Temporary, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    for number in 0..TRIED {
        let temporary = path.with_file_name(format!(".{name}.hardline-{}-{number}", std::process::id()));
        match options.open(&temporary) {
            Ok(file) => return Ok((Temporary(temporary), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no name is free for a temporary file"))
}

/// Gives the new file its bytes, owner and mode, in this order: a change of owner takes bits of the mode away.
fn fill(file: &mut File, like: &Metadata, bytes: &[u8]) -> Result<(), NotWritten> {
    file.write_all(bytes)?;
    keep_owner(file, like)?;
    file.set_permissions(like.permissions())?;
    Ok(file.sync_all()?)
}

#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) -> Result<(), NotWritten> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(like.uid()), Some(like.gid())).map_err(NotWritten::Owner)
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> Result<(), NotWritten> {
    Ok(())
}

#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}
