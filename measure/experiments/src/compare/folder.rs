//! A folder for a server's register, which can be removed even where Ctrl-C ends the program.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// The folders that are there now.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that goes, with everything in it, when it is dropped.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn within(folder: &Path) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix("socklab-")
            .tempdir_in(folder)?;
        folders().push(made.path().to_owned());
        Ok(Folder(made))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        folders().retain(|one| one != self.0.path());
    }
}

fn folders() -> MutexGuard<'static, Vec<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the folders of all comparisons of this program, then calls `exit`, for a program that a
/// signal ends.
///
/// Until `exit` returns no comparison goes on: it would only find that its folder has gone.
pub fn remove_all(exit: impl FnOnce()) {
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
