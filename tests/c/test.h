/* test.h: the whole test framework. A test file lists its cases in one table:
 *
 *     TEST_MAIN(TEST(first_case), TEST(second_case))
 *
 * argv[1] selects the cases whose name contains it. WEFT_TEST_THREADS sets
 * test_threads() (default 4). The exit code is 1 if a case failed. */
#ifndef WEFT_TEST_H
#define WEFT_TEST_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

static int test_failures;

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_failures++;                                                                       \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);               \
        }                                                                                          \
    } while (0)

/* Compares two integers. */
#define EXPECT_EQ(actual, wanted)                                                                  \
    do {                                                                                           \
        uint64_t actual_ = (uint64_t)(actual), wanted_ = (uint64_t)(wanted);                       \
        if (actual_ != wanted_) {                                                                  \
            test_failures++;                                                                       \
            fprintf(stderr, "%s:%d: %s is %" PRIu64 ", expected %s = %" PRIu64 "\n", __FILE__,     \
                    __LINE__, #actual, actual_, #wanted, wanted_);                                 \
        }                                                                                          \
    } while (0)

static inline size_t test_threads(void)
{
    const char *text = getenv("WEFT_TEST_THREADS");
    long count = text != NULL ? strtol(text, NULL, 10) : 4;
    return count < 1 ? 1 : (size_t)count;
}

static inline int test_run(const struct test_case *cases, size_t count, const char *filter)
{
    size_t ran = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (filter != NULL && strstr(cases[i].name, filter) == NULL)
            continue;
        int before = test_failures;
        cases[i].run();
        ran++;
        if (test_failures != before) {
            failed++;
            fprintf(stderr, "FAILED %s\n", cases[i].name);
        }
    }
    printf("%zu passed, %zu failed\n", ran - failed, failed);
    return failed != 0 || ran == 0;
}

#define TEST_MAIN(...)                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct test_case cases[] = {__VA_ARGS__};                                     \
        return test_run(cases, sizeof cases / sizeof cases[0], argc > 1 ? argv[1] : NULL);         \
    }

#endif
