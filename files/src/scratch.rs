//! Temporary folders that are removed even where a signal ends the program.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// The folders that are there now.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A new folder that goes, with everything in it, when it is dropped.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// A folder among the system's temporary ones.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::within(&std::env::temp_dir())
    }

    /// A folder in this one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn within(folder: &Path) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix("socklab-")
            .tempdir_in(folder)?;
        folders().push(made.path().to_owned());
        Ok(Scratch(made))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        folders().retain(|one| one != self.0.path());
    }
}

fn folders() -> MutexGuard<'static, Vec<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all folders of this program, then calls `exit`: for a program that a signal ends.
///
/// No folder is made or dropped until `exit` returns. A thread that needs one waits, and does not
/// report that its folder has gone.
pub fn remove_scratch(exit: impl FnOnce()) {
    let folders = folders();
    for folder in folders.iter() {
        // A server that is just starting may put another file into it meanwhile.
        let mut tries = 0..20;
        while std::fs::remove_dir_all(folder).is_err() && tries.next().is_some() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    exit();
}
