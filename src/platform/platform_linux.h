/* platform_linux.h: for platform_linux.c and its test. */
#ifndef WEFT_PLATFORM_LINUX_H
#define WEFT_PLATFORM_LINUX_H

#include <stddef.h>

/* CPUs that the cgroup quotas of a process allow, rounded up; 0 for no quota.
 * `membership` is the text of its /proc/<pid>/cgroup, `mount` the folder where cgroups
 * are mounted (/sys/fs/cgroup). */
size_t weft__linux_quota_cpus(const char *membership, const char *mount);

#endif
