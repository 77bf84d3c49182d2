/* cpu_quota_test.c: the CPU count under cgroup quotas, on folders that the test makes. */
#include "platform/platform_linux.h"
#include "test.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static char mount[32];

/* Makes <mount>/<path> with the folders above it. */
static void write_file(const char *path, const char *text)
{
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", mount, path);
    for (char *slash = full + strlen(mount) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(full, 0700); /* may be there */
        *slash = '/';
    }
    FILE *stream = fopen(full, "w");
    EXPECT(stream != NULL && fputs(text, stream) >= 0);
    if (stream != NULL)
        fclose(stream);
}

/* Removes the file and the folders above it that are empty then. */
static void remove_file(const char *path)
{
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", mount, path);
    while (strlen(full) > strlen(mount) && remove(full) == 0)
        *strrchr(full, '/') = '\0';
}

static void open_mount(void)
{
    snprintf(mount, sizeof mount, "/tmp/weft-cgroup-XXXXXX");
    EXPECT(mkdtemp(mount) != NULL);
}

static void close_mount(void)
{
    EXPECT_EQ(rmdir(mount), 0);
}

static void no_file_means_no_quota(void)
{
    open_mount();
    EXPECT_EQ(weft__linux_quota_cpus("0::/\n", mount), 0);
    EXPECT_EQ(weft__linux_quota_cpus("", mount), 0);
    EXPECT_EQ(weft__linux_quota_cpus("nonsense\n\n::", mount), 0);
    close_mount();
}

static void version_2_rounds_up_and_knows_max(void)
{
    open_mount();
    write_file("a/cpu.max", "150000 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a\n", mount), 2);
    write_file("a/cpu.max", "200000 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a\n", mount), 2);
    write_file("a/cpu.max", "1000 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a\n", mount), 1);
    write_file("a/cpu.max", "max 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a\n", mount), 0);
    remove_file("a/cpu.max");
    close_mount();
}

static void the_least_quota_on_the_way_to_the_root_counts(void)
{
    open_mount();
    write_file("a/cpu.max", "300000 100000\n");
    write_file("a/b/c/cpu.max", "700000 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a/b/c\n", mount), 3);
    write_file("cpu.max", "100000 100000\n");
    EXPECT_EQ(weft__linux_quota_cpus("0::/a/b/c\n", mount), 1);
    EXPECT_EQ(weft__linux_quota_cpus("0::/not/seen/from/here\n", mount), 1);
    remove_file("cpu.max");
    remove_file("a/b/c/cpu.max");
    remove_file("a/cpu.max");
    close_mount();
}

static void version_1_has_a_folder_for_the_controller(void)
{
    open_mount();
    const char *membership = "4:memory:/box\n3:cpu,cpuacct:/box\n2:cpuset:/\n0::/\n";
    write_file("cpu/box/cpu.cfs_quota_us", "250000\n");
    write_file("cpu/box/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(weft__linux_quota_cpus(membership, mount), 3);
    EXPECT_EQ(weft__linux_quota_cpus("3:cpuacct:/box\n", mount), 0);
    write_file("cpu/box/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(weft__linux_quota_cpus(membership, mount), 0);
    remove_file("cpu/box/cpu.cfs_quota_us");
    remove_file("cpu/box/cpu.cfs_period_us");
    close_mount();
}

TEST_MAIN(TEST(no_file_means_no_quota), TEST(version_2_rounds_up_and_knows_max),
          TEST(the_least_quota_on_the_way_to_the_root_counts),
          TEST(version_1_has_a_folder_for_the_controller))
