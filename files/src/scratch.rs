//! Temporary folders that are removed even if a signal ends the program.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// The temporary folders of this program that exist now.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary folder. Dropping it removes it with its content.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// Creates a folder among the system's temporary ones.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn new() -> io::Result<Self> {
        Self::within(&std::env::temp_dir())
    }

    /// Creates a temporary folder inside this one.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn within(folder: &Path) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix("socklab-")
            .tempdir_in(folder)?;
        folders().push(made.path().to_owned());
        Ok(Scratch(made))
    }

    /// The folder's path.
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

/// Removes all temporary folders of this program, then calls `exit`. For a program that a signal
/// ends.
///
/// Until `exit` returns no folder is created or dropped. So a thread that needs its folder waits,
/// instead of reporting that it is gone.
pub fn remove_scratch(exit: impl FnOnce()) {
    let folders = folders();
    for folder in folders.iter() {
        // Try again, because a server that is just starting may create a file in the folder
        // meanwhile.
        let mut tries = 0..20;
        while std::fs::remove_dir_all(folder).is_err() && tries.next().is_some() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    exit();
}
