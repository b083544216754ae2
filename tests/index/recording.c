/* Records what a process does to the files under $RECORDED_ROOT, in order, into $RECORDED_LOG:
 * writes with their bytes, truncations, syncs, and the coming and going of names. Loaded with
 * LD_PRELOAD by recorder.py; SQLite and Python both go through the C library.
 *
 * A record is: op (1 byte), fd (i32), number (i64), length of a (u32), length of b (u32), a, b.
 *   O open      fd, number = 1 if the file was made, 2 if it was emptied; a = path
 *   W write     fd, number = offset; a = bytes        T truncate  fd, number = length
 *   S sync      fd                                    C close     fd
 *   R rename    a = from, b = to                      U unlink    a = path
 *   M mkdir     a = path                              D rmdir     a = path
 *   A said      a = bytes written to standard output
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FDS 4096

static pthread_mutex_t turn = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int log_fd = -1;
static char root[PATH_MAX];
static size_t root_length;
static char watched[MOST_FDS];

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("RECORDED_LOG"), *under = getenv("RECORDED_ROOT");
    if (!log || !under || !realpath(under, root)) return;
    root_length = strlen(root);
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length) {
        long done = syscall(SYS_write, log_fd, at, length);
        if (done <= 0) abort();
        at += done;
        length -= (size_t)done;
    }
}

static void record(char op, int fd, int64_t number, const void *a, uint32_t a_length, const void *b,
                   uint32_t b_length) {
    char head[21];
    memcpy(head, &op, 1);
    memcpy(head + 1, &fd, 4);
    memcpy(head + 5, &number, 8);
    memcpy(head + 13, &a_length, 4);
    memcpy(head + 17, &b_length, 4);
    put(head, sizeof head);
    put(a, a_length);
    put(b, b_length);
}

static int is_watched(int fd) { return log_fd >= 0 && fd >= 0 && fd < MOST_FDS && watched[fd]; }

/* The absolute path if it lies under the root, else NULL; its folder must exist. */
static const char *under_root(int folder, const char *path, char *into) {
    char given[PATH_MAX], parent[PATH_MAX];
    if (log_fd < 0 || !path) return NULL;
    if (path[0] == '/' || folder == AT_FDCWD) {
        snprintf(given, sizeof given, "%s", path);
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, parent, sizeof parent - 1);
        if (length < 0) return NULL;
        parent[length] = 0;
        if ((size_t)snprintf(given, sizeof given, "%s/%s", parent, path) >= sizeof given) return NULL;
    }
    char *slash = strrchr(given, '/');
    if (!slash) {
        if (!realpath(".", parent)) return NULL;
        if ((size_t)snprintf(into, PATH_MAX, "%s/%s", parent, given) >= PATH_MAX) return NULL;
    } else {
        *slash = 0;
        if (!realpath(slash == given ? "/" : given, parent)) return NULL;
        if (snprintf(into, PATH_MAX, "%s/%s", parent, slash + 1) >= PATH_MAX) return NULL;
    }
    return strncmp(into, root, root_length) == 0 ? into : NULL;
}

#define LOCKED(...) \
    pthread_mutex_lock(&turn); \
    __VA_ARGS__; \
    int kept = errno; \
    pthread_mutex_unlock(&turn); \
    errno = kept;

static int opened(int (*open_it)(int, const char *, int, mode_t), int folder, const char *path,
                  int flags, mode_t mode) {
    char full[PATH_MAX];
    struct stat facts;
    int fd;
    LOCKED({
        const char *name = under_root(folder, path, full);
        int was_there = name && stat(name, &facts) == 0;
        fd = open_it(folder, path, flags, mode);
        if (fd >= 0 && fd < MOST_FDS) {
            watched[fd] = name != NULL;
            int what = !was_there && (flags & O_CREAT) ? 1 : (flags & O_TRUNC) ? 2 : 0;
            if (name) record('O', fd, what, full, (uint32_t)strlen(full), "", 0);
        }
    })
    return fd;
}

static int by_openat(int folder, const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, mode);
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }
int open(const char *path, int flags, ...) { MODE return opened(by_openat, AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(by_openat, AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE return opened(by_openat, folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE return opened(by_openat, folder, path, flags, mode); }

int close(int fd) {
    int done;
    LOCKED({
        if (is_watched(fd)) record('C', fd, 0, "", 0, "", 0);
        if (fd >= 0 && fd < MOST_FDS) watched[fd] = 0;
        done = (int)syscall(SYS_close, fd);
    })
    return done;
}

static ssize_t wrote_at(int fd, const void *bytes, size_t length, off_t offset) {
    ssize_t done;
    LOCKED({
        done = syscall(SYS_pwrite64, fd, bytes, length, offset);
        if (done > 0 && is_watched(fd)) record('W', fd, offset, bytes, (uint32_t)done, "", 0);
    })
    return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return wrote_at(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return wrote_at(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
    ssize_t done;
    LOCKED({
        done = syscall(SYS_write, fd, bytes, length);
        if (done > 0 && is_watched(fd))
            record('W', fd, lseek(fd, 0, SEEK_CUR) - done, bytes, (uint32_t)done, "", 0);
        else if (done > 0 && fd == 1 && log_fd >= 0)
            record('A', fd, 0, bytes, (uint32_t)done, "", 0);
    })
    return done;
}

static int cut(int fd, off_t length) {
    int done;
    LOCKED({
        done = (int)syscall(SYS_ftruncate, fd, length);
        if (done == 0 && is_watched(fd)) record('T', fd, length, "", 0, "", 0);
    })
    return done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }

static int synced(int fd, int number) {
    int done;
    LOCKED({
        done = (int)syscall(number, fd);
        if (done == 0 && is_watched(fd)) record('S', fd, 0, "", 0, "", 0);
    })
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    int done;
    LOCKED({
        const char *old = under_root(from_folder, from, a), *new = under_root(to_folder, to, b);
        done = (int)syscall(SYS_renameat, from_folder, from, to_folder, to);
        if (done == 0 && old && new)
            record('R', -1, 0, a, (uint32_t)strlen(a), b, (uint32_t)strlen(b));
    })
    return done;
}
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    int done;
    LOCKED({
        const char *name = under_root(folder, path, full);
        done = (int)syscall(SYS_unlinkat, folder, path, flags);
        if (done == 0 && name)
            record(flags & AT_REMOVEDIR ? 'D' : 'U', -1, 0, full, (uint32_t)strlen(full), "", 0);
    })
    return done;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char full[PATH_MAX];
    int done;
    LOCKED({
        const char *name = under_root(folder, path, full);
        done = (int)syscall(SYS_mkdirat, folder, path, mode);
        if (done == 0 && name) record('M', -1, 0, full, (uint32_t)strlen(full), "", 0);
    })
    return done;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
