//! The identity of a file, whatever its name.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Identifies a file: two equal values are the same file. Where the system has no such number all
/// values are equal, and only names tell files apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file's number in its file system; zero if it has none.
    pub fn inode(self) -> u64 {
        self.inode
    }

    /// The identity of the file at a path, following links.
    ///
    /// # Errors
    /// When there is no file, or it cannot be reached.
    pub fn of(path: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
            // The times are not asked for. Where Linux has multigrain timestamps (6.13), a look at
            // them has the next write give the file a new one, and then its next sync commits the
            // file system's journal as well: a register's log took 12 % longer to sync.
            let there = statx(CWD, path, AtFlags::empty(), StatxFlags::INO)?;
            Ok(FileId {
                device: makedev(there.stx_dev_major, there.stx_dev_minor),
                inode: there.stx_ino,
            })
        }
        #[cfg(not(target_os = "linux"))]
        Ok(FileId::from(&fs::metadata(path)?))
    }
}

impl From<&Metadata> for FileId {
    #[cfg(unix)]
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    fn from(_: &Metadata) -> Self {
        FileId {
            device: 0,
            inode: 0,
        }
    }
}

/// How many names (hard links) a file has; one if the system does not say.
pub fn hard_links(path: &Path) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).map_or(1, |there| there.nlink())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        1
    }
}

/// Whether two paths lead to the same file, or would if it existed.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    if cfg!(unix)
        && let (Ok(one), Ok(other)) = (FileId::of(one), FileId::of(other))
    {
        return one == other;
    }
    matches!((full(one), full(other)), (Some(one), Some(other)) if one == other)
}

/// The path without links, even if there is no file.
fn full(path: &Path) -> Option<PathBuf> {
    if let Ok(full) = path.canonicalize() {
        return Some(full);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// Whether writes to an open file succeed at once. Pipes, sockets and terminals wait for a reader.
pub fn never_blocks(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::io::IsTerminal;
        use std::os::unix::fs::FileTypeExt;
        file.metadata().is_ok_and(|metadata| {
            let kind = metadata.file_type();
            !kind.is_fifo() && !kind.is_socket() && !file.is_terminal()
        })
    }
    // It is not known of others.
    #[cfg(not(unix))]
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Whether a file is in memory (tmpfs) and lost when the machine restarts.
pub fn is_in_memory(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::statfs::{TMPFS_MAGIC, statfs};
        statfs(path).is_ok_and(|system| system.filesystem_type() == TMPFS_MAGIC)
    }
    // It is not known of others.
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// The mode of a regular file that others than its owner may read; `None` if they may not, or there
/// is no such file.
pub fn others_may_read(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(path).ok().filter(Metadata::is_file)?;
        let mode = metadata.permissions().mode() & 0o777;
        (mode & 0o044 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
