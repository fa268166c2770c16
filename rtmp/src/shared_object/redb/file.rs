//! How the file is made and opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, RepairSession, StorageBackend};

use super::resync::ResyncBackend;

/// Of pages in memory, in bytes: those of objects that are in use are read once.
const CACHE_SIZE: usize = 16 << 20;

/// Symbolic links that are followed, as Linux does.
const MAX_LINKS: usize = 40;

/// Creates the file if there is none or an empty one, and makes sure that it is still in its folder after a power
/// failure.
///
/// # Errors
/// Anything but a regular file is refused: replacing a FIFO or a device by a file of that name would break what uses
/// it, and reading one may block for ever.
pub(super) fn prepare(path: &Path) -> Result<(), DatabaseError> {
    let path = &follow_links(path)?;
    match fs::symlink_metadata(path) {
        Ok(file) if !file.is_file() => {
            let message = "expected a regular file, or none yet";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message).into());
        }
        Ok(file) if file.len() > 0 => {}
        Ok(_) => create(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(error.into()),
    }
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Returns where a symbolic link leads, whether that exists or not: a new file takes the place of its target, not of
/// the link.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if !fs::symlink_metadata(&path).is_ok_and(|file| file.is_symlink()) {
            return Ok(path);
        }
        let target = fs::read_link(&path)?;
        path = path.parent().map(|folder| folder.join(&target)).unwrap_or(target);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many symbolic links, one to another"))
}

/// redb takes a file that was made in part for none of its own. So it has another name until it is whole.
fn create(path: &Path) -> Result<(), DatabaseError> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Database::create(&new)?.close()?;
    Ok(fs::rename(new, path)?)
}

pub(super) fn backend(path: &Path) -> Result<FileBackend, DatabaseError> {
    FileBackend::new(OpenOptions::new().read(true).write(true).open(path)?)
}

/// Opens a database, the first time or after a failure. In doubt, one that was not closed is written anew first.
pub(super) fn open<B: StorageBackend>(
    backend: impl Fn() -> Result<B, DatabaseError>,
    is_uncertain: &Arc<AtomicBool>,
) -> Result<Database, DatabaseError> {
    let wary =
        |rewrites| Ok::<_, DatabaseError>(ResyncBackend::new(backend()?, rewrites, Arc::clone(is_uncertain)));
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_SIZE);
    if is_uncertain.load(Ordering::Relaxed) {
        builder.set_repair_callback(RepairSession::abort);
        match builder.create_with_backend(wary(false)?) {
            Err(DatabaseError::RepairAborted) => {}
            opened => {
                is_uncertain.store(opened.is_err(), Ordering::Relaxed);
                return opened;
            }
        }
        builder.set_repair_callback(|_| {});
    }
    builder.create_with_backend(wary(is_uncertain.load(Ordering::Relaxed))?)
}
