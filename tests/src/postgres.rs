//! A private PostgreSQL server for a test: a folder, with a socket in it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// A running PostgreSQL server. It ends when the last test drops it.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    databases: AtomicU32,
    options: String,
}

static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The server that the tests of this process share. `None`, with a printed line, if this
    /// machine has no PostgreSQL.
    pub fn shared() -> Option<Arc<Cluster>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = running.upgrade() {
            return Some(cluster);
        }
        let cluster = Arc::new(Cluster::start()?);
        *running = Arc::downgrade(&cluster);
        Some(cluster)
    }

    /// Starts a server for one test.
    ///
    /// # Panics
    /// When PostgreSQL is installed and does not start.
    pub fn start() -> Option<Cluster> {
        let cluster = Cluster::initialised()?;
        cluster.up();
        Some(cluster)
    }

    /// Starts a server at a port of 127.0.0.1 that accepts only encrypted connections with this
    /// password.
    ///
    /// # Panics
    /// When PostgreSQL is installed and does not start.
    pub fn encrypted(certificate: &str, key: &str, password: &str) -> Option<(Cluster, u16)> {
        let mut cluster = Cluster::initialised()?;
        let folder = cluster.folder.path().to_owned();
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            cluster.write(&folder.join(name), text);
        }
        // Another program could still take the port before the server binds it.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = folder.display();
        cluster.options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on \
             -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key"
        );
        cluster.up();
        let set = format!("ALTER USER postgres PASSWORD '{password}'");
        let (socket, port_text) = (folder.to_string(), port.to_string());
        cluster.run(
            "psql",
            &[
                "-h", &socket, "-p", &port_text, "-U", "postgres", "-c", &set,
            ],
        );
        let rules = "hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n";
        cluster.write(&Path::new(&cluster.data()).join("pg_hba.conf"), rules);
        cluster.run("pg_ctl", &["-D", &cluster.data(), "reload"]);
        Some((cluster, port))
    }

    /// Writes a file that only the server's user can read.
    fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            let owner = fs::metadata(self.data()).unwrap();
            let (user, group) = (owner.uid(), owner.gid());
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// The socket of a server that listens at no port.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    fn initialised() -> Option<Cluster> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED on PostgreSQL: this machine has no initdb, pg_ctl and psql");
            return None;
        };
        // Use memory if there is such a folder: a busy disk would delay the answers that the tests
        // wait for.
        let memory = Path::new("/dev/shm");
        let mut builder = tempfile::Builder::new();
        let folder = builder.prefix("pg").tempdir_in(memory);
        let folder = folder.or_else(|_| builder.tempdir()).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let cluster = Cluster {
            folder,
            programs,
            databases: AtomicU32::new(0),
            options: "-c listen_addresses=".to_owned(),
        };
        if is_root() && !Path::new("/usr/sbin/runuser").exists() {
            eprintln!("SKIPPED on PostgreSQL: it does not run as root, and there is no runuser");
            return None;
        }
        let data = cluster.data();
        let (user, text) = (["-U", "postgres"], ["-E", "UTF8"]);
        let rest = ["-A", "trust", "--no-sync"];
        cluster.run(
            "initdb",
            &[&["-D", &data], &user[..], &text, &rest].concat(),
        );
        Some(cluster)
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let socket = self.folder.path().display().to_string();
        self.run("createdb", &["-h", &socket, "-U", "postgres", &name]);
        let host = socket.replace('/', "%2F");
        format!("postgres://postgres@{host}/{name}")
    }

    /// Runs SQL in a database, given by its address.
    pub fn execute(&self, address: &str, sql: &str) {
        self.run("psql", &["-d", address, "-v", "ON_ERROR_STOP=1", "-c", sql]);
    }

    /// Starts the server, and returns when it takes connections.
    pub fn up(&self) {
        let folder = self.folder.path().display();
        let options = format!(
            "{} -c unix_socket_directories={folder} -c max_connections=50",
            self.options
        );
        let (data, log) = (self.data(), format!("{folder}/log"));
        self.run(
            "pg_ctl",
            &["-D", &data, "-l", &log, "-w", "-o", &options, "start"],
        );
    }

    /// Kills the server at once, as a power cut would: it writes no more.
    pub fn kill(&self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("/usr/sbin/runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = fs::File::create(self.folder.path().join("said")).unwrap();
        let done = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        assert!(done.success(), "{command:?}: {said}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.kill();
        }
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The folder of PostgreSQL's programs. On Debian it is not in `PATH`.
fn programs() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql").ok();
    let mut folders: Vec<PathBuf> = packaged
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "createdb", "psql"]
            .iter()
            .all(|one| folder.join(one).exists())
    };
    folders.into_iter().find(all)
}
