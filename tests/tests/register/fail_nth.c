/* Has the n-th call that changes or opens a file in a folder fail, or end the program: one fault,
   at one place.

       cc -O2 -shared -fPIC -o fail_nth.so fail_nth.c
       FAIL_FOLDER=/tmp/x FAIL_AT=7 FAIL_HOW=error LD_PRELOAD=$PWD/fail_nth.so program

   FAIL_HOW       error: the call fails with EIO. kill: the program is killed before the call.
                  torn: half of what is written gets there, then it is killed.
   FAIL_RELATIVE  is set when the folder is the working folder: names without a folder count too.
   FAIL_SYNC      each sync of this file fails with EIO, whatever FAIL_AT is.
   FAIL_LOG       gets the number of calls at the program's end. FAIL_AT=0 only counts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static const char *folder, *how, *unsynced;
static long fail_at;
static int relative;

__attribute__((constructor)) static void begin(void) {
    folder = getenv("FAIL_FOLDER");
    how = getenv("FAIL_HOW");
    unsynced = getenv("FAIL_SYNC");
    relative = getenv("FAIL_RELATIVE") != NULL;
    const char *at = getenv("FAIL_AT");
    fail_at = at ? atol(at) : 0;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAIL_LOG");
    FILE *log = path ? fopen(path, "w") : NULL;
    if (log) {
        fprintf(log, "%ld\n", atomic_load(&calls));
        fclose(log);
    }
}

/* Whether this call is the one. */
static int due(const char *call, const char *path) {
    if (!folder || !path) return 0;
    /* A name without a folder is in the working folder, which is the folder. */
    if (strncmp(path, folder, strlen(folder)) != 0 && (!relative || strchr(path, '/'))) return 0;
    if (++calls != fail_at) return 0;
    fprintf(stderr, "%s: %s %s\n", how, call, path);
    if (strcmp(how, "kill") == 0) raise(SIGKILL);
    return 1;
}

static int due_at(const char *call, int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0) return 0;
    path[len] = 0;
    if (unsynced && strstr(call, "sync") && strcmp(path, unsynced) == 0) return 1;
    return due(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL do { if (strcmp(how, "torn") == 0) raise(SIGKILL); errno = EIO; return -1; } while (0)

static size_t part(size_t len) { return strcmp(how, "torn") == 0 ? len / 2 : 0; }

ssize_t write(int d, const void *bytes, size_t len) {
    if (due_at(__func__, d)) { if (part(len)) REAL(write)(d, bytes, part(len)); FAIL; }
    return REAL(write)(d, bytes, len);
}
ssize_t pwrite(int d, const void *bytes, size_t len, off_t at) {
    if (due_at(__func__, d)) { if (part(len)) REAL(pwrite)(d, bytes, part(len), at); FAIL; }
    return REAL(pwrite)(d, bytes, len, at);
}
ssize_t pwrite64(int d, const void *bytes, size_t len, off64_t at) {
    if (due_at(__func__, d)) { if (part(len)) REAL(pwrite64)(d, bytes, part(len), at); FAIL; }
    return REAL(pwrite64)(d, bytes, len, at);
}
int fsync(int d) { if (due_at(__func__, d)) FAIL; return REAL(fsync)(d); }
int fdatasync(int d) { if (due_at(__func__, d)) FAIL; return REAL(fdatasync)(d); }
int ftruncate(int d, off_t len) { if (due_at(__func__, d)) FAIL; return REAL(ftruncate)(d, len); }
int ftruncate64(int d, off64_t len) {
    if (due_at(__func__, d)) FAIL;
    return REAL(ftruncate64)(d, len);
}
int rename(const char *from, const char *to) {
    if (due(__func__, to)) FAIL;
    return REAL(rename)(from, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    if (due(__func__, to)) FAIL;
    return REAL(linkat)(a, from, b, to, flags);
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (due(__func__, path)) FAIL; \
        return REAL(name)(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (due(__func__, path)) FAIL; \
        return REAL(name)(at, path, flags, mode); \
    }
OPENS_AT(openat)
OPENS_AT(openat64)
