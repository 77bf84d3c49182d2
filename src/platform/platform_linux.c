/* platform_linux.c: waiting by futex, the clock, and the CPUs that the kernel grants.
 * Threads: platform_pthread.c. */
#define _GNU_SOURCE

#include "platform_linux.h"
#include "platform.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

bool weft__worker_loop(struct weft__worker *worker);

/* ---- Waiting ------------------------------------------------------------------- */

/* What SYS_futex reads, which is not libc's struct timespec where time_t is wider than
 * long. */
struct kernel_timespec {
    long seconds;
    long nanoseconds;
};

enum weft_status weft__plat_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    struct kernel_timespec limit;
    struct kernel_timespec *limit_or_null = NULL;
    /* More seconds than a long holds are for ever. */
    if (timeout_ns >= 0 && timeout_ns / NS_PER_S < LONG_MAX) {
        limit.seconds = (long)(timeout_ns / NS_PER_S);
        limit.nanoseconds = (long)(timeout_ns % NS_PER_S);
        limit_or_null = &limit;
    }
    /* FUTEX_WAIT measures its limit from the call on, by the monotonic clock. */
    long result = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, limit_or_null, NULL, 0);
    return result < 0 && errno == ETIMEDOUT ? WEFT_ERR_TIMEOUT : WEFT_OK;
}

void weft__plat_wake(_Atomic uint32_t *word, uint32_t count)
{
    int most = count > INT_MAX ? INT_MAX : (int)count;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

bool weft__plat_may_sleep(void)
{
    return true;
}

void weft__plat_yield(void)
{
    (void)sched_yield();
}

/* ---- Threads ------------------------------------------------------------------- */

void weft__plat_stack_probe(void)
{
    /* The stack ends in a page that traps by itself, and with it the process. */
}

bool weft__plat_stack_overrun(void)
{
    return false; /* the guard page below a stack ends the process instead */
}

void weft__plat_guard(struct weft__worker *worker)
{
    (void)weft__worker_loop(worker); /* this host has no event loop */
}

/* ---- The machine --------------------------------------------------------------- */

int64_t weft__plat_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Reads the first line of <folder>/<file>; false if there is none. */
static bool read_line(const char *folder, const char *file, char *line, int size)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        return false;
    bool found = fgets(line, size, stream) != NULL;
    fclose(stream);
    return found;
}

/* CPUs that the quota set in one cgroup allows, rounded up; 0 for none. */
static size_t folder_quota_cpus(const char *folder)
{
    char line[64];
    long long quota = 0, period = 0;
    if (read_line(folder, "cpu.max", line,
                  sizeof line)) { /* version 2: "max 100000" or two numbers */
        if (sscanf(line, "%lld %lld", &quota, &period) != 2)
            return 0;
    } else if (read_line(folder, "cpu.cfs_quota_us", line, sizeof line)) { /* version 1 */
        if (sscanf(line, "%lld", &quota) != 1 ||
            !read_line(folder, "cpu.cfs_period_us", line, sizeof line) ||
            sscanf(line, "%lld", &period) != 1)
            return 0;
    }
    if (quota <= 0 || period <= 0)
        return 0;
    return (size_t)(quota / period + (quota % period != 0));
}

/* The least quota from the cgroup <mount><path> up to the root. A container often sees
 * the path as its host does: folders that are not there have no quota. */
static size_t least_quota_cpus(const char *mount, const char *path, int path_length)
{
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s%.*s", mount, path_length, path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return 0;
    size_t least = 0;
    size_t mount_length = strlen(mount);
    for (;;) {
        size_t cpus = folder_quota_cpus(folder);
        if (cpus != 0 && (least == 0 || cpus < least))
            least = cpus;
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < mount_length)
            return least;
        *slash = '\0';
    }
}

/* True when `name` is in a list like "cpu,cpuacct" of `length` characters. */
static bool list_has(const char *list, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    while (length > 0) {
        const char *comma = memchr(list, ',', length);
        size_t item = comma != NULL ? (size_t)(comma - list) : length;
        if (item == name_length && memcmp(list, name, item) == 0)
            return true;
        size_t step = item + (comma != NULL);
        list += step;
        length -= step;
    }
    return false;
}

size_t weft__linux_quota_cpus(const char *membership, const char *mount)
{
    size_t least = 0;
    /* Lines of "<number>:<controllers>:<path>"; version 2 names no controllers. */
    for (const char *line = membership; *line != '\0';) {
        size_t line_length = strcspn(line, "\n");
        const char *controllers = memchr(line, ':', line_length);
        const char *end = line + line_length;
        const char *path = NULL;
        if (controllers != NULL) {
            controllers++;
            path = memchr(controllers, ':', (size_t)(end - controllers));
        }
        if (path != NULL) {
            size_t list_length = (size_t)(path - controllers);
            path++;
            char root[PATH_MAX];
            bool version_1 = list_has(controllers, list_length, "cpu");
            int written = snprintf(root, sizeof root, "%s%s", mount, version_1 ? "/cpu" : "");
            if ((version_1 || list_length == 0) && written > 0 && (size_t)written < sizeof root) {
                size_t cpus = least_quota_cpus(root, path, (int)(end - path));
                if (cpus != 0 && (least == 0 || cpus < least))
                    least = cpus;
            }
        }
        line = end + (*end == '\n');
    }
    return least;
}

static size_t affinity_cpus(void)
{
    /* The kernel refuses a set that is smaller than its own. */
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (set == NULL)
            break;
        size_t bytes = CPU_ALLOC_SIZE((size_t)cpus);
        bool known = sched_getaffinity(0, bytes, set) == 0;
        int count = known ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return (size_t)count;
    }
    return 0;
}

static size_t own_quota_cpus(void)
{
    char membership[8192];
    FILE *stream = fopen("/proc/self/cgroup", "re");
    if (stream == NULL)
        return 0;
    size_t length = fread(membership, 1, sizeof membership - 1, stream);
    fclose(stream);
    membership[length] = '\0';
    return weft__linux_quota_cpus(membership, "/sys/fs/cgroup");
}

size_t weft__plat_cpu_count(const char **rule)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t cpus = online > 0 ? (size_t)online : 1;
    *rule = "host";
    size_t allowed = affinity_cpus();
    if (allowed != 0 && allowed < cpus) {
        cpus = allowed;
        *rule = "affinity";
    }
    size_t quota = own_quota_cpus();
    if (quota != 0 && quota < cpus) {
        cpus = quota;
        *rule = "cgroup";
    }
    return cpus;
}
