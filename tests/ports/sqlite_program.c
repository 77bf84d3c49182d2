/* sqlite_program.c: sorts with SQLite's own threads, and shares a connection between others:
 *
 *     sqlite_program <database> <rows> <threads>
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS 4
#define INSERTS 500

static _Atomic int started;

/* The linker's, instead of pthread_create: says that SQLite did start threads. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    atomic_fetch_add(&started, 1);
    return __real_pthread_create(thread, attributes, start, argument);
}

static int print(void *context, int count, char **values, char **names)
{
    (void)context;
    (void)names;
    for (int i = 0; i < count; i++)
        printf("%s%s", i == 0 ? "" : " ", values[i] != NULL ? values[i] : "NULL");
    printf("\n");
    return 0;
}

static void run(sqlite3 *database, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, print, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, message);
        exit(1);
    }
}

static void run_with(sqlite3 *database, const char *format, int number)
{
    char sql[200];
    snprintf(sql, sizeof sql, format, number);
    run(database, sql);
}

static void sort(const char *file, int rows, int threads)
{
    sqlite3 *database;
    if (sqlite3_open(file, &database) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", file, sqlite3_errmsg(database));
        exit(1);
    }
    run_with(database, "PRAGMA threads = %d", threads);
    run(database, "PRAGMA cache_size = 200; CREATE TABLE t(id INTEGER PRIMARY KEY, key INT, text TEXT)");
    run_with(database,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
             "INSERT INTO t SELECT i, (i * 7919) %% 1000003, printf('%%08d %%.50c', (i * 104729) %% 999983, 'x') FROM n",
             rows);
    run(database, "CREATE INDEX t_text ON t(text, key)");
    printf("threads %d\n", atomic_load(&started) > 0);
    run(database, "SELECT count(*), sum(key) FROM t");
    run(database, "SELECT id, text FROM t INDEXED BY t_text WHERE text > '00500000' ORDER BY text LIMIT 3");
    run(database, "PRAGMA integrity_check");
    sqlite3_close(database);
}

static void *insert(void *database)
{
    for (int i = 0; i < INSERTS; i++)
        run_with(database, "INSERT INTO shared VALUES(%d)", i);
    return NULL;
}

/* Each call locks the connection's recursive mutex. */
static void share(void)
{
    sqlite3 *database;
    pthread_t threads[CLIENTS];
    if (sqlite3_threadsafe() != 1 || sqlite3_open(":memory:", &database) != SQLITE_OK)
        exit(1);
    run(database, "CREATE TABLE shared(i)");
    for (int i = 0; i < CLIENTS; i++) {
        if (pthread_create(&threads[i], NULL, insert, database) != 0)
            exit(1);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    run(database, "SELECT count(*), sum(i), max(rowid) FROM shared");
    sqlite3_close(database);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    sort(arguments[1], atoi(arguments[2]), atoi(arguments[3]));
    share();
    return 0;
}
