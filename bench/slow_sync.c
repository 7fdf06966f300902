/* Has each sync of a program take SLOW_SYNC_US microseconds longer, as on a disk that is slower by so much. At the end it
   writes to SLOW_SYNC_LOG how many there were, how many nanoseconds they took in all, and how many of those they only waited
   for the disk: neither on a core nor waiting for one.

       cc -O2 -shared -fPIC -o slow_sync.so slow_sync.c
       SLOW_SYNC_US=1000 SLOW_SYNC_LOG=syncs LD_PRELOAD=$PWD/slow_sync.so program */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static atomic_ullong syncs, took, waited;

static unsigned long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* How long this thread has been on a core or waiting for one. */
static unsigned long long busy(void) {
    static __thread int schedstat = -1;
    char line[64];
    unsigned long long on_core = 0, queued = 0;
    if (schedstat < 0) schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t len = pread(schedstat, line, sizeof line - 1, 0);
    if (len > 0) {
        line[len] = 0;
        sscanf(line, "%llu %llu", &on_core, &queued);
    }
    return on_core + queued;
}

static int slowly(const char *name, int descriptor) {
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *set = getenv("SLOW_SYNC_US");
    long longer = set ? atol(set) : 0;
    unsigned long long begun = now(), used = busy();
    int result = sync(descriptor), error = errno;
    if (longer > 0) {
        struct timespec left = {longer / 1000000, longer % 1000000 * 1000};
        while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
    }
    used = busy() - used;
    begun = now() - begun;
    syncs++;
    took += begun;
    waited += begun > used ? begun - used : 0;
    errno = error;
    return result;
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }
int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("SLOW_SYNC_LOG");
    FILE *log = path ? fopen(path, "w") : NULL;
    if (log) {
        fprintf(log, "%llu %llu %llu\n", syncs, took, waited);
        fclose(log);
    }
}
