//! The file of `--map`, which says how programs are started whose names do not.

use socklab_check::{CheckedExercise, MapEntry};

/// Reads lines such as `chat client: python3 my_chat.py`. `Err` has the number of the first wrong
/// line.
pub(super) fn map(text: &str) -> Result<Vec<MapEntry>, usize> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| mapped(line).ok_or(number))
        .collect()
}

fn mapped(line: &str) -> Option<MapEntry> {
    let (end, command) = line.split_once(':')?;
    let mut end = end.split_whitespace();
    let exercise = CheckedExercise::find(end.next()?)?;
    let role = match (exercise.roles(), end.next()) {
        (&[only], None) => only,
        (&[_], Some(_)) | (_, None) => return None,
        (all, Some(name)) => *all.iter().find(|role| role.name() == name)?,
    };
    let command = shlex::split(command).filter(|command| !command.is_empty())?;
    end.next().is_none().then_some(MapEntry {
        exercise,
        role,
        command,
    })
}

#[cfg(test)]
mod tests {
    use socklab_core::transcript::Role;

    use super::*;

    #[test]
    fn a_map_is_read_line_by_line() {
        let text = "# ours\nchat client: python3 'my chat.py'\n\notp: ./enrol {dni}\n";
        let read = map(text).expect("a map");
        let words: Vec<_> = read
            .iter()
            .map(|one| (one.exercise.name, one.role))
            .collect();
        assert_eq!(words, [("chat", Role::Client), ("otp", Role::Client)]);
        assert_eq!(read[0].command, ["python3", "my chat.py"]);
        for wrong in [
            "chat: x",
            "otp client: x",
            "ping client: x",
            "chat client x",
            "otp:",
            "chat client 'x",
        ] {
            assert_eq!(map(&format!("\n{wrong}")), Err(2), "{wrong}");
        }
    }
}
