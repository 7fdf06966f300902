//! A folder for a server's register, which is removed even where Ctrl-C ends the comparison.

use std::io;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::interrupt::on_interrupt;

/// Those that are there now.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// It goes with everything in it when it is dropped.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn within(folder: &Path) -> io::Result<Self> {
        static ONCE: Once = Once::new();
        // Only comparisons that record have the thread that this takes.
        ONCE.call_once(|| {
            // Without it, the folder stays after Ctrl-C, which is the next best.
            let _ = on_interrupt(|| {
                // Held to the end: a comparison whose folder has gone fails, and waits for this.
                let folders = there();
                for folder in folders.iter() {
                    // A server that is just starting may put another file into it meanwhile.
                    let mut tries = 0..20;
                    while std::fs::remove_dir_all(folder).is_err() && tries.next().is_some() {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                }
                exit(130);
            });
        });
        let made = tempfile::Builder::new()
            .prefix("socklab-")
            .tempdir_in(folder)?;
        there().push(made.path().to_owned());
        Ok(Folder(made))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        there().retain(|one| one != self.0.path());
    }
}

fn there() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}
