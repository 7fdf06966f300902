//! Notes from which commit, and how, the program was built: every result of a comparison says it.

use std::process::Command;

/// The profile's own name: the folder that this is built in, `TARGET/PROFILE/build/PACKAGE/out`.
/// `PROFILE` says only whether it inherits from `release` or from `debug`.
fn profile() -> Option<String> {
    let folder = std::path::PathBuf::from(std::env::var_os("OUT_DIR")?);
    let name = folder.ancestors().nth(3)?.file_name()?;
    Some(name.to_string_lossy().into_owned())
}

fn main() {
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned());
    let compiler = std::env::var("RUSTC")
        .ok()
        .and_then(|rustc| Command::new(rustc).arg("--version").output().ok())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned());
    let profile = profile().unwrap_or_default();
    println!("cargo::rustc-env=SOCKLAB_COMMIT={commit}");
    println!("cargo::rustc-env=SOCKLAB_BUILD={compiler}, {profile}");
    println!("cargo::rerun-if-changed=../.git/HEAD");
    println!("cargo::rerun-if-changed=../.git/logs/HEAD");
}
