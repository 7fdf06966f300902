//! Facts about the machine, so that figures can be understood elsewhere.

use std::fs;

use socklab_compare::results::Environment;

use crate::cores::allowed_cores;

/// The lock file says which versions of the runtimes are in this program.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// What was chosen for this run, and goes with the facts.
pub(crate) struct MeasurementSetup<'a> {
    pub(crate) generator: &'a [usize],
    pub(crate) server: &'a [usize],
    pub(crate) descriptors: u64,
    pub(crate) register: Option<&'a std::path::Path>,
}

/// The machine as it is now, before anything is measured.
pub(crate) fn describe(setting: &MeasurementSetup<'_>) -> Environment {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| {
        let value = if value.is_empty() {
            "unknown".to_owned()
        } else {
            value
        };
        facts.push((name.to_owned(), value));
    };
    let system = std::env::consts::OS;
    let kernel = read("/proc/sys/kernel/osrelease");
    add(
        "system",
        format!("{system} {kernel} {}", std::env::consts::ARCH),
    );
    let cpu = read("/proc/cpuinfo");
    let of_cpu = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": "))
            .map_or("", |(_, value)| value)
    };
    add("cpu", of_cpu("model name").to_owned());
    // Where the system lists no cores it still counts them. 0 if it does not.
    let cores = match allowed_cores().len() {
        0 => std::thread::available_parallelism().map_or(0, usize::from),
        listed => listed,
    };
    add(
        "cores",
        match cores {
            0 => String::new(),
            cores => cores.to_string(),
        },
    );
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    add("governor", governor);
    add("mitigations", mitigations());
    let virtual_machine = of_cpu("flags").split(' ').any(|flag| flag == "hypervisor");
    let name = read("/sys/class/dmi/id/product_name");
    add(
        "virtual-machine",
        match (virtual_machine, name.as_str()) {
            (true, "") => "yes".to_owned(),
            (true, name) => name.to_owned(),
            (false, _) if cpu.is_empty() => String::new(),
            (false, _) => "no".to_owned(),
        },
    );
    add(
        "memory",
        read("/proc/meminfo")
            .lines()
            .next()
            .map_or(String::new(), |line| {
                line.trim_start_matches("MemTotal:").trim().to_owned()
            }),
    );
    add("descriptors", setting.descriptors.to_string());
    add(
        "ports",
        read("/proc/sys/net/ipv4/ip_local_port_range").replace('\t', "-"),
    );
    add("backlog", read("/proc/sys/net/core/somaxconn"));
    add("receive-buffer", read("/proc/sys/net/core/rmem_max"));
    add("path", "loopback".to_owned());
    add("generator-cores", list(setting.generator));
    add("server-cores", list(setting.server));
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("").to_owned();
    add("load-before", load);
    if let Some(register) = setting.register {
        add("register", filesystem(register));
    }
    add("versions", versions());
    add(
        "build",
        format!("{} {}", env!("SOCKLAB_COMMIT"), env!("SOCKLAB_BUILD")),
    );

    let mut cautions = Vec::new();
    let mut warn = |when: bool, name: &str| {
        if when {
            cautions.push(name.to_owned());
        }
    };
    let pinned = !setting.generator.is_empty();
    warn(!pinned && cores == 1, "shared-core");
    warn(!pinned && cores != 1, "unpinned");
    warn(virtual_machine, "virtual-machine");
    warn(cfg!(debug_assertions), "debug-build");
    warn(
        setting
            .register
            .is_some_and(|path| filesystem(path) == "tmpfs"),
        "register-in-memory",
    );
    Environment { facts, cautions }
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn list(cores: &[usize]) -> String {
    match cores {
        [] => "any".to_owned(),
        cores => cores
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(","),
    }
}

/// What the kernel does against faults of the CPU that make system calls slower.
fn mitigations() -> String {
    let Ok(entries) = fs::read_dir("/sys/devices/system/cpu/vulnerabilities") else {
        return String::new();
    };
    let mut active: Vec<String> = entries
        .flatten()
        .filter(|entry| {
            fs::read_to_string(entry.path()).is_ok_and(|text| text.starts_with("Mitigation"))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    active.sort();
    match active.len() {
        0 => "none".to_owned(),
        _ => active.join(" "),
    }
}

/// The kind of file system that a path is on.
fn filesystem(path: &std::path::Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mounts = read("/proc/self/mounts");
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = fields.filter(|(at, _)| path.starts_with(at));
    let longest = holding.max_by_key(|(at, _)| at.len());
    longest.map_or(String::new(), |(_, kind)| kind.to_owned())
}

/// Of the libraries that the models stand on.
fn versions() -> String {
    let found = ["async-std", "mio", "tokio", "rusqlite"].map(|name| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let version = LOCK
            .split_once(&entry)
            .and_then(|(_, rest)| rest.split_once('"'));
        format!(
            "{name} {}",
            version.map_or("unknown", |(version, _)| version)
        )
    });
    found.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_or_said_to_be_unknown() {
        let setting = MeasurementSetup {
            generator: &[],
            server: &[],
            descriptors: 1024,
            register: None,
        };
        let environment = describe(&setting);
        let fact = |name: &str| {
            let found = environment.facts.iter().find(|(fact, _)| fact == name);
            found.map(|(_, value)| value.as_str())
        };
        assert!(environment.facts.iter().all(|(_, value)| !value.is_empty()));
        assert_eq!(fact("generator-cores"), Some("any"));
        assert_eq!(fact("server-cores"), Some("any"));
        assert!(
            fact("versions").is_some_and(|text| !text.contains("unknown")),
            "{:?}",
            fact("versions")
        );
        let named = |caution: &str| environment.cautions.iter().any(|one| one == caution);
        assert!(named("shared-core") || named("unpinned"));
    }
}
