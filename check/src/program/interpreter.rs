//! Finds the Python of this computer, whether it is called `py`, `python` or `python3`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The names that Python goes by.
const NAMES: [&str; 3] = ["python3", "python", "py"];

/// Why a command cannot be started. Each variant has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// There is no program of this name.
    Missing(String),
    /// The file cannot run by itself: it needs its interpreter or its path.
    NotACommand(String),
    /// Python is told to run a file that does not exist.
    NoFile(String),
    /// The command is Windows's stub, which only opens the Store.
    StoreStub(String),
}

/// The program that a command means: itself, or another name of Python if that name is missing. A
/// path is relative to `folder`, in which the program will run.
///
/// # Errors
/// When there is no such program.
pub(crate) fn resolve(first: &OsStr, folder: Option<&Path>) -> Result<OsString, CommandError> {
    let name = first.to_string_lossy().into_owned();
    let there = folder.map_or_else(|| first.into(), |folder| folder.join(first));
    if name.contains(['/', '\\']) {
        let there = with_ending(&there).or_else(|| there.exists().then_some(there));
        let there = there.ok_or(CommandError::Missing(name))?;
        // Systems differ in whether they look up a relative path before they enter the folder.
        let absolute = folder.and_then(|_| std::path::absolute(&there).ok());
        return Ok(absolute.map_or_else(|| first.to_owned(), OsString::from));
    }
    let found = find(first);
    if let Some(path) = &found
        && !is_store_stub(path)
    {
        return Ok(first.to_owned());
    }
    let others = NAMES.iter().filter(|_| NAMES.contains(&name.as_str()));
    let other = others
        .map(OsStr::new)
        .find(|other| find(other).is_some_and(|one| !is_store_stub(&one)));
    match (other, found) {
        (Some(other), _) => Ok(other.to_owned()),
        (None, Some(_)) => Err(CommandError::StoreStub(name)),
        (None, None) if there.is_file() => Err(CommandError::NotACommand(name)),
        (None, None) => Err(CommandError::Missing(name)),
    }
}

fn find(name: &OsStr) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).find_map(|folder| with_ending(&folder.join(name)))
}

/// Finds a Windows program that was named without its extension.
pub(super) fn with_ending(path: &Path) -> Option<PathBuf> {
    let mut endings = vec![""];
    if cfg!(windows) {
        endings.extend([".exe", ".bat", ".cmd"]);
    }
    endings.into_iter().find_map(|ending| {
        let mut whole = path.as_os_str().to_owned();
        whole.push(ending);
        let whole = PathBuf::from(whole);
        // `symlink_metadata`, because the stub is a dangling link.
        let there = whole.symlink_metadata().is_ok() && !whole.is_dir();
        there.then_some(whole)
    })
}

/// Whether a file is in the folder where Windows puts its stubs. A link there to an installed
/// Python is no stub, but that one answers `--version`.
fn is_store_stub(path: &Path) -> bool {
    cfg!(windows)
        && path
            .to_string_lossy()
            .to_ascii_lowercase()
            .contains(r"\microsoft\windowsapps\")
        && !std::process::Command::new(path)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        for name in ["no-such-program-here", "./no/such/program"] {
            let missing = CommandError::Missing(name.to_owned());
            assert_eq!(resolve(OsStr::new(name), None), Err(missing));
        }
    }

    #[test]
    fn a_path_is_relative_to_the_programs_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("send");
        std::fs::write(&file, "").expect("a file");
        let of = |name: &str| resolve(OsStr::new(name), Some(folder.path()));
        let found = of("./send").expect("it is there");
        assert!(Path::new(&found).is_absolute() && Path::new(&found).is_file());
        assert_eq!(
            of("send"),
            Err(CommandError::NotACommand("send".to_owned()))
        );
        // This crate has such a file, but the program's folder does not.
        let missing = CommandError::Missing("./Cargo.toml".to_owned());
        assert_eq!(of("./Cargo.toml"), Err(missing));
    }

    #[test]
    fn python_goes_by_any_of_its_names() {
        let found = NAMES.iter().any(|name| find(OsStr::new(name)).is_some());
        for name in NAMES {
            let is = resolve(OsStr::new(name), None).is_ok();
            assert_eq!(is, found, "{name}");
        }
    }
}
