//! Where the master keys are: in the configuration, in a file, or for SQLite in a file that the first
//! start makes beside the database.

use crate::db::with_ending;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use takings_core::privacy::{MasterKeyError, MasterKeys};
use zeroize::Zeroizing;

/// Where the master keys are.
#[derive(Clone, Default)]
pub struct MasterSource {
    /// Keys, the current one first.
    pub keys: Option<Zeroizing<String>>,
    /// A file that holds more.
    pub file: Option<PathBuf>,
    /// The file that the first start makes where nothing is configured.
    pub(crate) beside: Option<PathBuf>,
}

impl std::fmt::Debug for MasterSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterSource").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Why there are no master keys.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// A text is no list of keys.
    #[error("privacy.master_key: {0}")]
    Text(MasterKeyError),
    /// A file is no list of keys.
    #[error("the master keys in {}: {}", .0.display(), .1)]
    File(PathBuf, MasterKeyError),
    /// A file cannot be read or written.
    #[error("the master keys in {}: {}", .0.display(), .1)]
    Io(PathBuf, std::io::Error),
}

impl MasterSource {
    /// Keys that are given as text.
    pub fn of(keys: &str) -> MasterSource {
        MasterSource { keys: Some(Zeroizing::new(keys.to_owned())), ..MasterSource::default() }
    }

    /// The source of a database whose file is this.
    pub(crate) fn beside(mut self, database: Option<&Path>) -> MasterSource {
        self.beside = database.map(|path| with_ending(path, ".master"));
        self
    }

    /// Every key there is now.
    ///
    /// # Errors
    ///
    /// If a configured file cannot be read, or something else stands where keys should.
    pub(super) fn read(&self) -> Result<MasterKeys, MasterError> {
        let mut text = self.keys.clone().unwrap_or_default();
        MasterKeys::parse(&text).map_err(MasterError::Text)?;
        if let Some((path, found)) = self.read_file()? {
            MasterKeys::parse(&found).map_err(|error| MasterError::File(path.to_owned(), error))?;
            text.push('\n');
            text.push_str(&found);
        }
        MasterKeys::parse(&text).map_err(MasterError::Text)
    }

    /// The file's path and text; a file beside the database need not be there.
    fn read_file(&self) -> Result<Option<(&Path, Zeroizing<String>)>, MasterError> {
        let Some(path) = self.path() else { return Ok(None) };
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some((path, Zeroizing::new(text)))),
            Err(error) if error.kind() == ErrorKind::NotFound && self.file.is_none() => Ok(None),
            Err(error) => Err(MasterError::Io(path.to_owned(), error)),
        }
    }

    /// The file that a new key is put into; nothing where the configuration's own goes before.
    pub(super) fn renewed(&self) -> Option<&Path> {
        self.path().filter(|_| self.keys.is_none())
    }

    /// The file that keys are read from.
    pub(super) fn path(&self) -> Option<&Path> {
        let beside = self.beside.as_deref().filter(|_| self.keys.is_none());
        self.file.as_deref().or(beside)
    }

    /// Makes a key in the file beside the database, and says so; `None` where there is no such file
    /// to be made.
    pub(super) fn make(&self) -> Result<Option<MasterKeys>, MasterError> {
        let Some(path) = self.path().filter(|_| self.file.is_none()) else { return Ok(None) };
        if !publish(path, &fresh()).map_err(|error| MasterError::Io(path.into(), error))? {
            // Another process was faster.
            return self.read().map(Some);
        }
        let (path, keys) = (path.display(), self.read()?);
        tracing::warn!(
            "a master key for personal data was made in {path}: keep a copy of it away from the \
             database and its backups, because without it personal data cannot be read by anybody"
        );
        Ok(Some(keys))
    }

    /// Puts a new key in front of those in the file; it becomes the current one.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(super) fn put_in_front(&self, path: &Path) -> Result<MasterKeys, MasterError> {
        let new = with_ending(path, ".new");
        // Whoever makes this file is alone from here on, so no key of another rotation is lost.
        let file = create(&new).map_err(|error| MasterError::Io(new.clone(), under_way(error)))?;
        if let Err(error) = put_before(path, file, &new) {
            // Nothing is wrapped by its key yet.
            let _ = fs::remove_file(&new);
            return Err(MasterError::Io(path.to_owned(), error));
        }
        self.read()
    }
}

/// Writes a new key and those of a file, for the same owner and readers, and takes the file's place.
fn put_before(path: &Path, mut file: fs::File, new: &Path) -> std::io::Result<()> {
    let (before, old) = (Zeroizing::new(fs::read_to_string(path)?), fs::metadata(path)?);
    let text = Zeroizing::new(format!("{}\n{}", *fresh(), *before));
    file.write_all(text.as_bytes())?;
    fchown(&file, Some(old.uid()), Some(old.gid()))?;
    file.set_permissions(old.permissions())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    sync_folder(path)
}

fn under_way(error: std::io::Error) -> std::io::Error {
    if error.kind() != ErrorKind::AlreadyExists {
        return error;
    }
    let message = "another rotation is under way; if none is, one was cut off before it used the key \
                   in this file: remove it";
    std::io::Error::new(ErrorKind::AlreadyExists, message)
}

/// Puts a first key into a file, whole or not at all; tells whether there was none.
fn publish(path: &Path, key: &str) -> std::io::Result<bool> {
    let draft = with_ending(path, &format!(".{}", std::process::id()));
    let _ = fs::remove_file(&draft);
    let mut file = create(&draft)?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        other => other.and_then(|()| sync_folder(path)).map(|()| true),
    }
}

/// A new key in hexadecimal.
fn fresh() -> Zeroizing<String> {
    Zeroizing::new(hex::encode(super::random_key().bytes()))
}

/// Makes a file that was not there, for its owner alone.
fn create(path: &Path) -> std::io::Result<fs::File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// A name is durable once its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_rotations_at_once_one_is_told_and_no_key_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, "11".repeat(32)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let source = MasterSource { file: Some(file.clone()), ..MasterSource::default() };
        let under_way = folder.path().join("keys.new");
        fs::write(&under_way, "").unwrap();
        let said = source.put_in_front(&file).unwrap_err().to_string();
        assert!(said.contains("keys.new") && said.contains("remove it"), "{said}");
        assert_eq!(source.read().unwrap().iter().count(), 1);
        fs::remove_file(&under_way).unwrap();
        assert_eq!(source.put_in_front(&file).unwrap().iter().count(), 2);
        assert_eq!(source.put_in_front(&file).unwrap().iter().count(), 3);
        assert!(!under_way.exists());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn of_two_first_starts_one_makes_the_key_and_both_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterSource::default().beside(Some(&folder.path().join("t.db")));
        let ids = |keys: MasterKeys| keys.iter().map(|it| it.id().to_owned()).collect::<Vec<_>>();
        let first = ids(source.make().unwrap().unwrap());
        assert_eq!(ids(source.make().unwrap().unwrap()), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_is_missing_or_holds_something_else_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let source = MasterSource { file: Some(file.clone()), ..MasterSource::default() };
        assert!(source.read().unwrap_err().to_string().contains("keys: No such file"));
        fs::write(&file, "hunter2").unwrap();
        let said = source.read().unwrap_err().to_string();
        assert!(said.contains("64 hexadecimal digits") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_made_key_is_for_its_owner_alone_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterSource::default().beside(Some(&folder.path().join("t.db")));
        assert!(source.read().unwrap().is_empty());
        let made = source.make().unwrap().unwrap();
        let mode = fs::metadata(folder.path().join("t.db.master")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = source.make().unwrap().unwrap();
        assert_eq!(again.current().unwrap().id(), made.current().unwrap().id());
        let read = source.read().unwrap();
        assert_eq!(read.current().unwrap().id(), made.current().unwrap().id());
    }

    #[test]
    fn a_key_put_in_front_is_current_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterSource::default().beside(Some(&folder.path().join("t.db")));
        let old = source.make().unwrap().unwrap();
        let keys = source.put_in_front(&folder.path().join("t.db.master")).unwrap();
        assert_eq!(keys.iter().count(), 2);
        assert_ne!(keys.current().unwrap().id(), old.current().unwrap().id());
        assert!(keys.get(old.current().unwrap().id()).is_some());
    }

    #[test]
    fn what_is_configured_wins_over_the_file_beside_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let key = hex::encode([7; 32]);
        let source = MasterSource::of(&key).beside(Some(&folder.path().join("t.db")));
        assert_eq!(source.read().unwrap().iter().count(), 1);
        assert!(source.make().unwrap().is_none());
        assert!(!format!("{source:?}").contains(&key));
    }
}
