/* argon2_program.c: prints the test vectors of RFC 9106, section 5, of all three kinds of
 * Argon2, with 4 lanes on as many threads as the argument says; then a hash of 32 MiB. */
#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_BYTES 32

static void print(const char *name, const uint8_t *tag)
{
    printf("%s ", name);
    for (int i = 0; i < TAG_BYTES; i++)
        printf("%02x", tag[i]);
    printf("\n");
}

static void vector(argon2_type type, uint32_t threads)
{
    uint8_t tag[TAG_BYTES], password[32], salt[16], secret[8], data[12];
    memset(password, 1, sizeof password);
    memset(salt, 2, sizeof salt);
    memset(secret, 3, sizeof secret);
    memset(data, 4, sizeof data);
    argon2_context context = {
        .out = tag,
        .outlen = sizeof tag,
        .pwd = password,
        .pwdlen = sizeof password,
        .salt = salt,
        .saltlen = sizeof salt,
        .secret = secret,
        .secretlen = sizeof secret,
        .ad = data,
        .adlen = sizeof data,
        .t_cost = 3,
        .m_cost = 32,
        .lanes = 4,
        .threads = threads,
        .version = ARGON2_VERSION_13,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    int failure = argon2_ctx(&context, type);
    if (failure != ARGON2_OK) {
        fprintf(stderr, "%s\n", argon2_error_message(failure));
        exit(1);
    }
    print(argon2_type2string(type, 0), tag);
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    uint32_t threads = (uint32_t)atoi(arguments[1]);
    vector(Argon2_d, threads);
    vector(Argon2_i, threads);
    vector(Argon2_id, threads);
    uint8_t tag[TAG_BYTES];
    if (argon2id_hash_raw(2, 32 * 1024, 4, "password", 8, "somesalt", 8, tag, sizeof tag) != 0)
        return 1;
    print("32 MiB", tag);
    return 0;
}
