//! A whole practical: finds the programs of a folder by their names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use socklab_core::transcript::Role;

use crate::exercise::{CheckedExercise, ENROLMENT};
use crate::program::Start;

/// How deep the folders of a practical may be nested, and how many files are examined.
const DEPTH: usize = 5;
const MOST: usize = 20_000;

/// Endings of sources that must be compiled before they run.
const SOURCES: [&str; 8] = ["c", "cc", "cpp", "cs", "go", "java", "js", "rs"];

/// The programs of one person or group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practical {
    /// The folder of the practical.
    pub folder: PathBuf,
    /// One part for each end of an exercise, in the order of the course.
    pub parts: Vec<Part>,
    /// Sources whose names do not say which end they are, and which no map names.
    pub unknown: Vec<PathBuf>,
}

/// One end of an exercise, with its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The exercise.
    pub exercise: CheckedExercise,
    /// Which end.
    pub role: Role,
    /// How to start the program.
    pub program: Result<Start, NoProgram>,
}

/// Why there is no program to run for an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoProgram {
    /// No file has a suitable name.
    Missing,
    /// Several files have a suitable name.
    Several(Vec<PathBuf>),
    /// The file is a source that must be compiled first.
    Source(PathBuf),
}

impl NoProgram {
    /// The reason's code, which is the same in every language.
    pub const fn code(&self) -> &'static str {
        match self {
            NoProgram::Missing => "missing",
            NoProgram::Several(_) => "several",
            NoProgram::Source(_) => "source",
        }
    }
}

/// A command that starts the programs of one end in every folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// The exercise.
    pub exercise: CheckedExercise,
    /// Which end.
    pub role: Role,
    /// The command and its arguments.
    pub command: Vec<String>,
}

/// The practicals in a folder: itself, or each folder in it if they have programs for the same end
/// of the same exercise, as those of several students have.
///
/// # Errors
/// When the folder cannot be read.
pub fn practicals(folder: &Path, map: &[MapEntry]) -> io::Result<Vec<Practical>> {
    fs::read_dir(folder)?;
    let whole = practical(folder, map);
    let own = listed(folder).any(|file| file.is_file() && meant(&file).is_some());
    let mapped = |folder: &Path| map.iter().any(|one| is_there(folder, &one.command));
    let mut inner = folders(folder);
    inner.retain(|one| mapped(one) || !files(one).0.is_empty());
    let several = |part: &Part| matches!(part.program, Err(NoProgram::Several(_)));
    let mapped = inner.iter().filter(|one| mapped(one)).count();
    if own || (mapped < 2 && !whole.parts.iter().any(several)) {
        return Ok(vec![whole]);
    }
    Ok(inner.iter().map(|one| practical(one, map)).collect())
}

fn practical(folder: &Path, map: &[MapEntry]) -> Practical {
    let (files, mut unknown) = files(folder);
    let named = |file: &Path| {
        let mut words = map.iter().flat_map(|one| &one.command);
        words.any(|word| folder.join(word).components().eq(file.components()))
    };
    unknown.retain(|file| !named(file));
    let mut parts = Vec::new();
    for exercise in CheckedExercise::all() {
        for &role in exercise.roles() {
            let mapped = map
                .iter()
                .find(|one| (one.exercise, one.role) == (exercise, role));
            let program = match mapped {
                Some(mapped) if is_there(folder, &mapped.command) => Ok(Start {
                    command: mapped.command.iter().map(Into::into).collect(),
                    folder: Some(folder.to_owned()),
                }),
                Some(_) => Err(NoProgram::Missing),
                None => program(&files, exercise, role),
            };
            let asked = mapped.is_some() || is_written_by_students(exercise, role);
            if program != Err(NoProgram::Missing) || asked {
                parts.push(Part {
                    exercise,
                    role,
                    program,
                });
            }
        }
    }
    Practical {
        folder: folder.to_owned(),
        parts,
        unknown,
    }
}

/// Whether students write this end; the hand-out contains the others.
fn is_written_by_students(exercise: CheckedExercise, role: Role) -> bool {
    matches!(
        (exercise.name, role),
        ("chat", _) | ("submit", Role::Client)
    )
}

/// Whether the files that a command names exist in the folder.
fn is_there(folder: &Path, command: &[String]) -> bool {
    let file = |word: &&String| word.ends_with(".py") || word.starts_with("./");
    command
        .iter()
        .filter(file)
        .all(|word| folder.join(word).is_file())
}

fn program(files: &[PathBuf], exercise: CheckedExercise, role: Role) -> Result<Start, NoProgram> {
    let all: Vec<&PathBuf> = files
        .iter()
        .filter(|file| meant(file) == Some((exercise, role)))
        .collect();
    let starts: Vec<(&PathBuf, Start)> = all
        .iter()
        .filter_map(|&file| Some((file, start(file)?)))
        .collect();
    match (starts.as_slice(), all.first()) {
        ([(_, only)], _) => Ok(only.clone()),
        ([], None) => Err(NoProgram::Missing),
        ([], Some(source)) => Err(NoProgram::Source((*source).clone())),
        (several, _) => {
            let several = several.iter().map(|(file, _)| (*file).clone());
            Err(NoProgram::Several(several.collect()))
        }
    }
}

/// How to start a file; `None` for a source that must be compiled.
fn start(file: &Path) -> Option<Start> {
    let folder = file.parent().map(Path::to_owned);
    let command = match ending(file).as_str() {
        "py" | "pyw" => vec!["python3".into(), file.file_name()?.to_owned()],
        one if SOURCES.contains(&one) => return None,
        _ => vec![std::path::absolute(file).ok()?.into_os_string()],
    };
    Some(Start { command, folder })
}

fn ending(file: &Path) -> String {
    let ending = file.extension().unwrap_or_default();
    ending.to_string_lossy().to_ascii_lowercase()
}

/// Whether a file is a program by its ending.
fn is_source(ending: &str) -> bool {
    matches!(ending, "py" | "pyw") || SOURCES.contains(&ending)
}

/// The end and the exercise that a file's name stands for.
fn meant(file: &Path) -> Option<(CheckedExercise, Role)> {
    let ending = ending(file);
    let runs = match ending.as_str() {
        "exe" => cfg!(windows),
        "" => is_executable(file),
        other => is_source(other),
    };
    let name = file.file_stem()?.to_string_lossy().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let role = match (has(&["client"]), has(&["server", "servidor"])) {
        (true, false) => Some(Role::Client),
        (false, true) => Some(Role::Server),
        _ => None,
    };
    if !runs {
        return None;
    }
    let one_time = has(&["otp", "enrol"]);
    let Some(role) = role else {
        return one_time.then_some((ENROLMENT, Role::Client));
    };
    let exercise = if has(&["chat"]) {
        "chat"
    } else if has(&["message", "mensaje"]) {
        "message"
    } else if has(&["echo", "eco"]) {
        "echo"
    } else if has(&["welcome", "bienvenid"]) {
        "welcome"
    } else if has(&["capital", "mayuscul", "mayúscul"]) {
        "capitals"
    } else if one_time || has(&["submit", "envio", "envío", "entrega", "registr"]) {
        "submit"
    } else if has(&["udp"]) {
        "echo"
    } else if has(&["tcp"]) {
        "welcome"
    } else {
        return None;
    };
    Some((CheckedExercise::find(exercise)?, role))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|one| one.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// The content of a folder, sorted by name, without hidden files and what tools put there.
fn listed(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.sort();
    all.into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with(['.', '_'])
            && !["venv", "env", "node_modules", "site-packages"].contains(&&*name)
    })
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    listed(folder)
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect()
}

/// The programs below a folder whose names say what they are, and those whose names do not.
fn files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut level = vec![folder.to_owned()];
    let (mut found, mut unknown, mut looked) = (Vec::new(), Vec::new(), 0);
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for one in level {
            next.extend(folders(&one));
            for file in listed(&one)
                .filter(|path| path.is_file())
                .take(MOST - looked)
            {
                looked += 1;
                if meant(&file).is_some() {
                    found.push(file);
                } else if is_source(&ending(&file)) {
                    unknown.push(file);
                }
            }
        }
        level = next;
    }
    (found, unknown)
}

#[cfg(test)]
mod tests;
